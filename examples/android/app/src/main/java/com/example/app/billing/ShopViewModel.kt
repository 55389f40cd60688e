package com.example.app.billing

import android.app.Activity
import androidx.annotation.StringRes
import androidx.lifecycle.ViewModel
import androidx.lifecycle.viewModelScope
import com.android.billingclient.api.BillingClient.ProductType
import com.example.app.R
import java.io.IOException
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

data class ShopState(
    val signedIn: Boolean = false,
    val premium: Boolean = false,
    val offers: List<Offer> = emptyList(),
    val licenseKeys: List<LicenseKey> = emptyList(),
    @param:StringRes val message: Int? = null,
)

/** What the shop's screen shows and does. The product and entitlement ids are those of the catalogue. */
class ShopViewModel(
    private val session: Session,
    private val gateway: BillingGateway,
    private val store: EntitlementStore,
    private val apiFor: (uid: String) -> PlaygrantApi,
    private val packageName: String,
) : ViewModel() {
    private class Customer(val api: PlaygrantApi, val sync: PurchaseSync)

    private var customer: Customer? = null
    private val _state = MutableStateFlow(ShopState())
    val state = _state.asStateFlow()

    init {
        viewModelScope.launch { session.uid.collectLatest(::serve) }
        viewModelScope.launch { saying { loadOffers() } }
    }

    /** The screen is in front again: a QR may have been paid in the bank's app meanwhile. */
    fun resumed() = withCustomer { it.sync.sendAll(openOnly = true).forEach(::tell) }

    /** The customer asked for it, and so hears of everything. */
    fun restore() = withCustomer {
        val outcomes = it.sync.sendAll(openOnly = false)
        if (outcomes.isEmpty()) say(R.string.nothing_to_restore) else outcomes.forEach(::tell)
    }

    fun showLicenseKeys() = withCustomer {
        val delivered = it.api.grants().filter { grant -> grant.status == "Delivered" }
        _state.update { state -> state.copy(licenseKeys = delivered.mapNotNull(Grant::licenseKey)) }
    }

    /** Call it in the scope of the screen that [activity] shows. */
    suspend fun buy(activity: Activity, offer: Offer) = saying {
        val buyer = customer ?: return@saying say(R.string.sign_in_again)
        val accountId = buyer.api.account().obfuscatedAccountId
        gateway.buy(activity, offer, accountId, replaces = if (offer.subscription) currentPlan(offer) else null)
    }

    /** With several subscriptions side by side, choose the one that this offer is another plan of. */
    private suspend fun currentPlan(offer: Offer) =
        gateway.purchases().find { it.subscription && !it.pending && it.productId == offer.product.productId }

    /** For as long as this customer is the one signed in. */
    private suspend fun serve(uid: String?): Unit = coroutineScope {
        _state.update { ShopState(signedIn = uid != null, offers = it.offers) }
        customer = uid?.let(apiFor)?.let { Customer(it, PurchaseSync(it, gateway, packageName)) }
        if (uid == null) return@coroutineScope
        launch { store.hasAccess(uid, PREMIUM).collect { has -> _state.update { it.copy(premium = has) } } }
        customer?.sync?.run(::tell)
    }

    private suspend fun loadOffers() {
        val offers = gateway.offers(ONE_TIME, ProductType.INAPP) + gateway.offers(SUBSCRIPTIONS, ProductType.SUBS)
        _state.update { it.copy(offers = offers) }
    }

    private fun withCustomer(act: suspend (Customer) -> Unit) {
        val current = customer ?: return
        viewModelScope.launch { saying { act(current) } }
    }

    private suspend fun saying(act: suspend () -> Unit) {
        try {
            act()
        } catch (refusal: PlaygrantException) {
            say(messageOf(refusal.code))
        } catch (_: IOException) {
            say(R.string.no_connection)
        } catch (_: BillingException) {
            say(R.string.play_unavailable)
        }
    }

    private fun tell(outcome: Outcome) = say(messageOf(outcome))

    private fun say(@StringRes message: Int) = _state.update { it.copy(message = message) }

    private companion object {
        const val PREMIUM = "premium"
        val ONE_TIME = listOf("lifetime")
        val SUBSCRIPTIONS = listOf("plan")
    }
}
