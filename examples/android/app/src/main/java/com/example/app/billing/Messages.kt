package com.example.app.billing

import androidx.annotation.StringRes
import com.example.app.R

/** What the customer is told. */
@StringRes
fun messageOf(outcome: Outcome): Int = when (outcome) {
    is Outcome.Pending -> R.string.purchase_pending
    is Outcome.Granted -> if (outcome.keyFollows) R.string.purchase_verified_key_follows else R.string.purchase_verified
    is Outcome.Waiting -> R.string.purchase_waiting
    is Outcome.Refused -> messageOf(outcome.code)
    is Outcome.WithoutAccess -> when (outcome.state) {
        "on_hold" -> R.string.subscription_on_hold
        "paused" -> R.string.subscription_paused
        else -> R.string.purchase_over
    }
}

@StringRes
fun messageOf(code: ErrorCode?): Int = when (code) {
    ErrorCode.OWNED_BY_ANOTHER -> R.string.purchase_of_another_account
    ErrorCode.TOKEN_EXPIRED -> R.string.purchase_over
    ErrorCode.UNAUTHENTICATED -> R.string.sign_in_again
    else -> if (code?.reaction == Reaction.RETRY) R.string.try_again_later else R.string.purchase_failed
}
