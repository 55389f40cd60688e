package com.example.app.billing

import kotlin.time.Instant
import kotlinx.serialization.SerialName
import kotlinx.serialization.Serializable

// What goes over the wire, by the names of playgrant's /openapi.json. Fields that this app has no use for are left out.
// What holds a purchase token or a licence key is no data class: printed by mistake, it says nothing.

@Serializable
class PurchaseRequest(
    @SerialName("package_name") val packageName: String,
    @SerialName("product_id") val productId: String,
    @SerialName("purchase_token") val purchaseToken: String,
)

/** 1 to 50 purchases. */
@Serializable
class RestoreRequest(val purchases: List<PurchaseRequest>)

@Serializable
data class VerifiedPurchase(
    val purchase: PurchaseInfo,
    val entitlements: List<Entitlement>,
    @SerialName("pending_entitlements") val pendingEntitlements: List<String>,
)

/** [results] stand in the order in which the purchases were sent. */
@Serializable
data class RestoredPurchases(val results: List<RestoreResult>, val entitlements: List<Entitlement>)

/** Either a purchase or a problem. */
@Serializable
data class RestoreResult(
    val purchase: PurchaseInfo? = null,
    @SerialName("pending_entitlements") val pendingEntitlements: List<String> = emptyList(),
    val problem: Problem? = null,
)

/** [access] is what counts; [state] says why, and may be a word that is new to this app. */
@Serializable
data class PurchaseInfo(
    val id: String,
    @SerialName("product_id") val productId: String,
    val state: String,
    val access: Boolean,
)

/** From the API or, live, from Firestore. Look at [activeAt], not at [active] alone. */
@Serializable
data class Entitlement(
    @SerialName("entitlement_id") val id: String,
    val active: Boolean,
    @SerialName("access_until") val accessUntil: Instant?,
    val state: String,
    @SerialName("will_renew") val willRenew: Boolean,
) {
    /** `active` was true when it was written; what has an end is over from then on, whether or not anybody has told us. */
    fun activeAt(now: Instant): Boolean = active && (accessUntil == null || now < accessUntil)
}

@Serializable
class Grant(
    val id: String,
    @SerialName("entitlement_id") val entitlementId: String,
    val status: String,
    @SerialName("license_key") val licenseKey: LicenseKey?,
)

@Serializable
class LicenseKey(val id: String, val key: String, val status: String)

@Serializable
class GrantPage(val data: List<Grant>, @SerialName("next_cursor") val nextCursor: String?)

/** The id is null where playgrant runs with `OBFUSCATED_ACCOUNT_ID=none`. */
@Serializable
data class Account(@SerialName("obfuscated_account_id") val obfuscatedAccountId: String?)

@Serializable
data class Problem(
    val status: Int,
    val code: String,
    @SerialName("request_id") val requestId: String,
)
