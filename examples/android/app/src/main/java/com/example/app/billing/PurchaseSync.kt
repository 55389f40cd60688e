package com.example.app.billing

import java.io.IOException
import kotlin.random.Random
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.collect
import kotlinx.coroutines.launch

/**
 * Tells playgrant of this device's purchases: each one when it is made, all of them when the app starts, and those that are
 * still open whenever it comes back. Nothing has to be kept for it: Google Play remembers what is owned, and repeating is safe.
 */
class PurchaseSync(
    private val api: PlaygrantApi,
    private val source: PurchaseSource,
    private val packageName: String,
) {
    /**
     * Until it is cancelled. Listens first and asks then, so that nothing falls between.
     *
     * @param report Hears what becomes of each new purchase, and which old ones still wait for something.
     */
    suspend fun run(report: (Outcome) -> Unit): Unit = coroutineScope {
        launch(start = CoroutineStart.UNDISPATCHED) {
            source.updates.collect { update -> launch { handle(update, report) } }
        }
        sendQuietly(openOnly = false) { if (it is Outcome.Pending || it is Outcome.Waiting) report(it) }
    }

    /**
     * Sends what the device holds.
     *
     * @param openOnly Leave out what playgrant has acknowledged.
     * @throws BillingException Google Play can't be asked.
     */
    suspend fun sendAll(openOnly: Boolean): List<Outcome> =
        source.purchases()
            .filterNot { openOnly && it.acknowledged }
            .chunked(RESTORE_AT_MOST)
            .flatMap { restore(it) }

    private suspend fun handle(update: StoreUpdate, report: (Outcome) -> Unit) {
        when (update) {
            is StoreUpdate.Bought -> update.purchases.forEach { report(verify(it)) }
            is StoreUpdate.Failed -> sendQuietly(openOnly = true, report)
            StoreUpdate.Canceled -> Unit
        }
    }

    /** Where Google Play can't be asked now, the next start asks. */
    private suspend fun sendQuietly(openOnly: Boolean, report: (Outcome) -> Unit) {
        try {
            sendAll(openOnly).forEach(report)
        } catch (_: BillingException) {
        }
    }

    private suspend fun verify(purchase: StorePurchase): Outcome =
        try {
            val verified = retrying { api.verify(requestOf(purchase)) }
            outcomeOf(verified.purchase, verified.pendingEntitlements)
        } catch (failure: IOException) {
            failed(purchase, failure)
        }

    private suspend fun restore(purchases: List<StorePurchase>): List<Outcome> {
        val restored = try {
            retrying { api.restore(purchases.map(::requestOf)) }
        } catch (failure: IOException) {
            return purchases.map { failed(it, failure) }
        }
        return purchases.zip(restored.results) { purchase, result ->
            val code = ErrorCode.of(result.problem?.code)
            when {
                result.purchase != null -> outcomeOf(result.purchase, result.pendingEntitlements)
                reactionTo(result.problem?.status ?: 0, code) == Reaction.RETRY -> verify(purchase)
                else -> Outcome.Refused(purchase.productId, code)
            }
        }
    }

    private fun outcomeOf(purchase: PurchaseInfo, pendingEntitlements: List<String>): Outcome = when {
        purchase.access -> Outcome.Granted(purchase.productId, keyFollows = pendingEntitlements.isNotEmpty())
        purchase.state == "pending" -> Outcome.Pending(purchase.productId)
        else -> Outcome.WithoutAccess(purchase.productId, purchase.state)
    }

    private fun failed(purchase: StorePurchase, failure: IOException): Outcome {
        val refusal = (failure as? PlaygrantException)?.takeIf { it.reaction != Reaction.RETRY }
        return if (refusal == null) Outcome.Waiting(purchase.productId) else Outcome.Refused(purchase.productId, refusal.code)
    }

    /** Cancelling gets through: [kotlinx.coroutines.CancellationException] is no [IOException]. */
    private suspend fun <T> retrying(request: suspend () -> T): T {
        var pause = FIRST_PAUSE
        repeat(TRIES - 1) {
            try {
                return request()
            } catch (failure: IOException) {
                delay(pauseAfter(failure, pause))
            }
            pause *= 2
        }
        return request()
    }

    /** Spread a little, so that all the phones of an outage don't come back in the same second. */
    private fun pauseAfter(failure: IOException, usual: Duration): Duration {
        val refusal = failure as? PlaygrantException
        if (refusal != null && refusal.reaction != Reaction.RETRY) throw refusal
        val spread = usual * Random.nextDouble(0.8, 1.2)
        return maxOf(spread, refusal?.retryAfter ?: Duration.ZERO)
    }

    private fun requestOf(purchase: StorePurchase) =
        PurchaseRequest(packageName, purchase.productId, purchase.token)

    private companion object {
        const val RESTORE_AT_MOST = 50
        const val TRIES = 6
        val FIRST_PAUSE = 1.seconds
    }
}
