package com.example.app.billing

import android.app.Activity
import android.content.Context
import com.android.billingclient.api.BillingClient
import com.android.billingclient.api.BillingClient.BillingResponseCode
import com.android.billingclient.api.BillingClient.ProductType
import com.android.billingclient.api.BillingClientStateListener
import com.android.billingclient.api.BillingFlowParams
import com.android.billingclient.api.BillingFlowParams.ProductDetailsParams
import com.android.billingclient.api.BillingFlowParams.ProductDetailsParams.SubscriptionProductReplacementParams
import com.android.billingclient.api.BillingFlowParams.SubscriptionUpdateParams
import com.android.billingclient.api.BillingResult
import com.android.billingclient.api.PendingPurchasesParams
import com.android.billingclient.api.ProductDetails
import com.android.billingclient.api.Purchase
import com.android.billingclient.api.QueryProductDetailsParams
import com.android.billingclient.api.QueryPurchasesParams
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.asSharedFlow
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

/** Something that can be bought: a one-time product, or one base plan of a subscription. */
class Offer(val product: ProductDetails, val offerToken: String?, val price: String) {
    val subscription: Boolean get() = product.productType == ProductType.SUBS
}

/**
 * Google Play's billing on this device. One for the whole app. It neither acknowledges nor consumes: playgrant does, once
 * it has granted. Functions throw a [BillingException].
 */
class BillingGateway(context: Context) : PurchaseSource {
    private val _updates = MutableSharedFlow<StoreUpdate>(extraBufferCapacity = 16)
    override val updates: Flow<StoreUpdate> = _updates.asSharedFlow()

    private val client = BillingClient.newBuilder(context.applicationContext)
        .setListener { result, purchases -> _updates.tryEmit(updateOf(result, purchases.orEmpty())) }
        .enablePendingPurchases(PendingPurchasesParams.newBuilder().enableOneTimeProducts().enablePrepaidPlans().build())
        .enableAutoServiceReconnection()
        .build()
    private val connecting = Mutex()

    override suspend fun purchases(): List<StorePurchase> =
        listOf(ProductType.INAPP, ProductType.SUBS).flatMap { type -> purchases(type) }

    private suspend fun purchases(type: String): List<StorePurchase> {
        connect()
        val params = QueryPurchasesParams.newBuilder().setProductType(type).build()
        val purchases = suspendCancellableCoroutine { waiting ->
            client.queryPurchasesAsync(params) { result, found -> waiting.finish(result, found) }
        }
        return purchases.map { storePurchase(it, subscription = type == ProductType.SUBS) }
    }

    /** @param type [ProductType]; one query can't mix them. Products that Play doesn't sell here are left out. */
    suspend fun offers(productIds: List<String>, type: String): List<Offer> {
        connect()
        val wanted = productIds.map {
            QueryProductDetailsParams.Product.newBuilder().setProductId(it).setProductType(type).build()
        }
        val params = QueryProductDetailsParams.newBuilder().setProductList(wanted).build()
        val products = suspendCancellableCoroutine { waiting ->
            client.queryProductDetailsAsync(params) { result, found -> waiting.finish(result, found.productDetailsList) }
        }
        return products.flatMap(::offersOf)
    }

    /**
     * Opens Play's purchase screen; [updates] tells what comes of it. Call it on the main thread.
     *
     * @param accountId What `GET /v1/account` gave: lets playgrant grant the purchase even if this app never runs again.
     * @param replaces The subscription that this one takes the place of: a change of plan.
     */
    suspend fun buy(activity: Activity, offer: Offer, accountId: String?, replaces: StorePurchase? = null) {
        connect()
        val product = ProductDetailsParams.newBuilder().setProductDetails(offer.product)
        offer.offerToken?.let(product::setOfferToken)
        val flow = BillingFlowParams.newBuilder()
        accountId?.let(flow::setObfuscatedAccountId)
        if (replaces != null) {
            product.setSubscriptionProductReplacementParams(replacementOf(replaces))
            flow.setSubscriptionUpdateParams(SubscriptionUpdateParams.newBuilder().setOldPurchaseToken(replaces.token).build())
        }
        val result = client.launchBillingFlow(activity, flow.setProductDetailsParamsList(listOf(product.build())).build())
        if (result.responseCode != BillingResponseCode.OK) throw BillingException(result.responseCode)
    }

    /** Once; afterwards the client reconnects by itself. */
    private suspend fun connect(): Unit = connecting.withLock {
        if (client.isReady) return
        suspendCancellableCoroutine { waiting ->
            client.startConnection(object : BillingClientStateListener {
                override fun onBillingSetupFinished(result: BillingResult) = waiting.finish(result, Unit)

                override fun onBillingServiceDisconnected() = waiting.fail(BillingResponseCode.SERVICE_DISCONNECTED)
            })
        }
    }
}

private fun updateOf(result: BillingResult, purchases: List<Purchase>): StoreUpdate = when (result.responseCode) {
    // A flow says only that something was bought; whether it is a subscription matters to nobody who verifies it.
    BillingResponseCode.OK -> StoreUpdate.Bought(purchases.map { storePurchase(it, subscription = false) })
    BillingResponseCode.USER_CANCELED -> StoreUpdate.Canceled
    else -> StoreUpdate.Failed(result.responseCode)
}

private fun storePurchase(purchase: Purchase, subscription: Boolean) = StorePurchase(
    productId = purchase.products.first(),
    token = purchase.purchaseToken,
    pending = purchase.purchaseState == Purchase.PurchaseState.PENDING,
    acknowledged = purchase.isAcknowledged,
    subscription = subscription,
)

private fun offersOf(product: ProductDetails): List<Offer> =
    if (product.productType == ProductType.SUBS) {
        product.subscriptionOfferDetails.orEmpty().map { plan ->
            Offer(product, plan.offerToken, plan.pricingPhases.pricingPhaseList.last().formattedPrice)
        }
    } else {
        product.oneTimePurchaseOfferDetailsList.orEmpty().map { Offer(product, it.offerToken, it.formattedPrice) }
    }

private fun replacementOf(replaces: StorePurchase) = SubscriptionProductReplacementParams.newBuilder()
    .setOldProductId(replaces.productId)
    .setReplacementMode(SubscriptionProductReplacementParams.ReplacementMode.WITH_TIME_PRORATION)
    .build()

/** Play may call back more than once, and after the wait was cancelled. */
private fun <T> CancellableContinuation<T>.finish(result: BillingResult, value: T) {
    if (result.responseCode != BillingResponseCode.OK) fail(result.responseCode) else if (isActive) resume(value)
}

private fun CancellableContinuation<*>.fail(responseCode: Int) {
    if (isActive) resumeWithException(BillingException(responseCode))
}
