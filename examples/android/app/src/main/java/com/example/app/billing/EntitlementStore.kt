package com.example.app.billing

import com.google.firebase.firestore.DocumentSnapshot
import com.google.firebase.firestore.FirebaseFirestore
import com.google.firebase.firestore.FirebaseFirestoreException
import com.google.firebase.firestore.snapshots
import kotlin.time.Clock
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlin.time.Instant
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flatMapLatest
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.retryWhen

/** What a customer holds, live from Firestore, and from its cache while the device is offline. */
class EntitlementStore(private val db: FirebaseFirestore, private val clock: Clock = Clock.System) {
    /** By entitlement id. Collect it only while this customer is signed in: the rules let nobody else read it. */
    fun entitlements(uid: String): Flow<Map<String, Entitlement>> =
        db.collection("customers").document(uid).collection("entitlements").snapshots()
            .map { all -> all.documents.mapNotNull(::entitlementOf).associateBy { it.id } }
            .retryWhen { failure, tries ->
                if (failure is FirebaseFirestoreException) delay((1 shl tries.coerceAtMost(6).toInt()).seconds)
                failure is FirebaseFirestoreException
            }

    /** Whether the customer may use this now; turns false at `access_until` by itself. */
    @OptIn(ExperimentalCoroutinesApi::class)
    fun hasAccess(uid: String, entitlementId: String): Flow<Boolean> =
        entitlements(uid).flatMapLatest { all -> accessOf(all[entitlementId]) }.distinctUntilChanged()

    /** Looks at the clock at least once a minute: a device that slept, or whose clock was set, has no other way to notice. */
    private fun accessOf(entitlement: Entitlement?): Flow<Boolean> = flow {
        while (true) {
            val now = clock.now()
            emit(entitlement?.activeAt(now) ?: false)
            val left = entitlement?.accessUntil?.minus(now)?.takeIf { it.isPositive() } ?: 1.minutes
            delay(minOf(left, 1.minutes))
        }
    }
}

/** A document without what it must have is none. */
private fun entitlementOf(document: DocumentSnapshot): Entitlement? {
    return Entitlement(
        id = document.getString("entitlement_id") ?: return null,
        active = document.getBoolean("active") ?: return null,
        accessUntil = document.getTimestamp("access_until")?.let { Instant.fromEpochSeconds(it.seconds, it.nanoseconds) },
        state = document.getString("state") ?: return null,
        willRenew = document.getBoolean("will_renew") ?: return null,
    )
}
