package com.example.app.billing

import kotlinx.coroutines.flow.Flow

/** A purchase on this device, as Google Play tells it. No data class: printed, it would show its token. */
class StorePurchase(
    val productId: String,
    val token: String,
    /** Not paid yet: a PromptPay QR, cash in a shop. */
    val pending: Boolean,
    /** playgrant acknowledges what it has granted, so this one has been there. May lag behind. */
    val acknowledged: Boolean,
    val subscription: Boolean,
)

/** What comes of a purchase screen. */
sealed interface StoreUpdate {
    class Bought(val purchases: List<StorePurchase>) : StoreUpdate

    data object Canceled : StoreUpdate

    /** Owned already, or cut off: it may have been paid nevertheless. */
    data class Failed(val responseCode: Int) : StoreUpdate
}

/** Google Play on this device, as far as [PurchaseSync] needs it. */
interface PurchaseSource {
    /** Only while somebody listens; what is missed is found by [purchases]. */
    val updates: Flow<StoreUpdate>

    /** What the device's Google account holds, pending ones too. Throws a [BillingException]. */
    suspend fun purchases(): List<StorePurchase>
}

/** What became of a purchase that was sent to playgrant. */
sealed interface Outcome {
    val productId: String

    data class Pending(override val productId: String) : Outcome

    /** [keyFollows]: the features are there, a licence key is still being made. */
    data class Granted(override val productId: String, val keyFollows: Boolean) : Outcome

    /** It is known and gives nothing now: on hold, paused, expired, refunded. */
    data class WithoutAccess(override val productId: String, val state: String) : Outcome

    data class Refused(override val productId: String, val code: ErrorCode?) : Outcome

    /** Nobody could confirm it yet. It is sent again by itself, and playgrant hears of it from Google too. */
    data class Waiting(override val productId: String) : Outcome
}
