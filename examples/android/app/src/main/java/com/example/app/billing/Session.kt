package com.example.app.billing

import com.google.firebase.FirebaseException
import com.google.firebase.auth.FirebaseAuth
import com.google.firebase.auth.FirebaseAuthException
import java.io.IOException
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.tasks.await

/** Who is signed in to this app: by Firebase Auth, whichever way of signing in you use. */
class Session(private val auth: FirebaseAuth) {
    /** Null while nobody is. */
    val uid: Flow<String?> = callbackFlow {
        val listener = FirebaseAuth.AuthStateListener { trySend(it.currentUser?.uid) }
        auth.addAuthStateListener(listener)
        awaitClose { auth.removeAuthStateListener(listener) }
    }.conflate().distinctUntilChanged()

    /** @param uid Whose: after a change of accounts no request of the former one may go out as the new one's. */
    suspend fun idToken(uid: String, refresh: Boolean): String {
        val user = auth.currentUser?.takeIf { it.uid == uid } ?: throw signedOut()
        return try {
            user.getIdToken(refresh).await().token ?: throw signedOut()
        } catch (_: FirebaseAuthException) {
            throw signedOut()
        } catch (_: FirebaseException) {
            throw IOException("Firebase Auth can't be reached")
        }
    }

    private fun signedOut() = PlaygrantException(401, ErrorCode.UNAUTHENTICATED)
}
