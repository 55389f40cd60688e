package com.example.app.billing

import java.io.IOException
import kotlin.time.Duration

/** What to do about a refusal. */
enum class Reaction {
    /** The very same request may succeed later. */
    RETRY,

    /** Nobody is signed in any more. */
    SIGN_IN,

    /** Asking again changes nothing. */
    GIVE_UP,
}

/** The codes that playgrant answers an app with. Decide by the code: texts and titles may change. */
enum class ErrorCode(val wire: String, val reaction: Reaction) {
    INVALID_REQUEST("invalid_request", Reaction.GIVE_UP),
    REQUEST_TOO_LARGE("request_too_large", Reaction.GIVE_UP),
    UNAUTHENTICATED("unauthenticated", Reaction.SIGN_IN),
    PACKAGE_NOT_ALLOWED("package_not_allowed", Reaction.GIVE_UP),
    NOT_FOUND("not_found", Reaction.GIVE_UP),
    PURCHASE_NOT_FOUND("purchase_not_found", Reaction.GIVE_UP),
    OWNED_BY_ANOTHER("purchase_owned_by_another_customer", Reaction.GIVE_UP),
    TOKEN_EXPIRED("purchase_token_expired", Reaction.GIVE_UP),
    PRODUCT_MISMATCH("product_mismatch", Reaction.GIVE_UP),
    PRODUCT_NOT_IN_CATALOG("product_not_in_catalog", Reaction.GIVE_UP),
    RATE_LIMITED("rate_limited", Reaction.RETRY),
    INTERNAL_ERROR("internal_error", Reaction.RETRY),
    PLAY_REJECTED_CREDENTIALS("play_rejected_credentials", Reaction.RETRY),
    PLAY_UNAVAILABLE("play_unavailable", Reaction.RETRY),
    STORE_UNAVAILABLE("store_unavailable", Reaction.RETRY);

    companion object {
        fun of(wire: String?): ErrorCode? = entries.find { it.wire == wire }
    }
}

/** @param code Null where it is new to this app, or the answer not from playgrant at all: a proxy's page. */
fun reactionTo(status: Int, code: ErrorCode?): Reaction =
    code?.reaction ?: if (status == 429 || status >= 500) Reaction.RETRY else Reaction.GIVE_UP

/** playgrant said no. [requestId] is what its logs know the request by. */
class PlaygrantException(
    val status: Int,
    val code: ErrorCode?,
    val requestId: String? = null,
    val retryAfter: Duration? = null,
) : IOException("playgrant answered $status ${code?.wire} to request $requestId") {
    val reaction: Reaction get() = reactionTo(status, code)
}

/** Google Play said no; [responseCode] is one of `BillingClient.BillingResponseCode`. */
class BillingException(val responseCode: Int) : Exception("Google Play answered $responseCode")
