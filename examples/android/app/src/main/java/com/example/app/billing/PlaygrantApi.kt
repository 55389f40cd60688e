package com.example.app.billing

import java.io.IOException
import java.util.Locale
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.Json
import okhttp3.HttpUrl
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response
import okhttp3.coroutines.executeAsync

/**
 * The app's side of playgrant, for one signed-in customer.
 *
 * Every function throws an [IOException] where there is no answer, and its subclass [PlaygrantException] where the answer
 * is no. Neither holds a token. Don't give [http] an interceptor that logs headers or bodies: they do.
 *
 * @param http Its read timeout should be 30 s: playgrant waits for Google, and a little for a licence key.
 * @param idToken This customer's Firebase ID token; a new one when asked to refresh.
 */
class PlaygrantApi(
    private val baseUrl: HttpUrl,
    private val http: OkHttpClient,
    private val idToken: suspend (refresh: Boolean) -> String,
) {
    /** The id to hand to Google Play with each purchase. */
    suspend fun account(): Account = decode(send("v1/account"))

    /** Binds a purchase to this customer and says what it gives. Repeating it is safe; so is sending a pending one. */
    suspend fun verify(purchase: PurchaseRequest): VerifiedPurchase =
        decode(send("v1/purchases/verify", body = encode(purchase)))

    /** [verify] for 1 to 50 purchases at once. */
    suspend fun restore(purchases: List<PurchaseRequest>): RestoredPurchases =
        decode(send("v1/purchases/restore", body = encode(RestoreRequest(purchases))))

    /** All grants, newest first, with licence keys in clear. */
    suspend fun grants(): List<Grant> = buildList {
        var cursor: String? = null
        do {
            val page: GrantPage = decode(send("v1/grants", cursor))
            addAll(page.data)
            cursor = page.nextCursor
        } while (cursor != null)
    }

    /** An ID token may have run out on the way: after a 401 a new one gets one chance. */
    private suspend fun send(path: String, cursor: String? = null, body: RequestBody? = null): String {
        val url = baseUrl.newBuilder().addPathSegments(path)
        if (cursor != null) url.addQueryParameter("cursor", cursor)
        return try {
            exchange(url.build(), body, idToken(false))
        } catch (refusal: PlaygrantException) {
            if (refusal.code != ErrorCode.UNAUTHENTICATED) throw refusal
            exchange(url.build(), body, idToken(true))
        }
    }

    private suspend fun exchange(url: HttpUrl, body: RequestBody?, token: String): String {
        val request = Request.Builder()
            .url(url)
            .header("Authorization", "Bearer $token")
            .header("Accept-Language", Locale.getDefault().toLanguageTag()) // letters about licences come in it
            .method(if (body == null) "GET" else "POST", body)
            .build()
        return http.newCall(request).executeAsync().use { response ->
            val text = withContext(Dispatchers.IO) { response.body.string() }
            if (response.isSuccessful) text else throw refusalOf(response, text)
        }
    }

    private fun refusalOf(response: Response, text: String): PlaygrantException {
        val problem = try { decode<Problem>(text) } catch (_: IOException) { null }
        val wait = response.header("Retry-After")?.toLongOrNull()?.seconds
        return PlaygrantException(response.code, ErrorCode.of(problem?.code), problem?.requestId, wait)
    }

    private inline fun <reified T> encode(value: T) = json.encodeToString(value).toRequestBody(JSON_TYPE)

    /** The parser's own message quotes the text, and with it a licence key. */
    private inline fun <reified T> decode(text: String): T =
        try {
            json.decodeFromString<T>(text)
        } catch (_: SerializationException) {
            throw IOException("the answer is not what playgrant's API promises")
        }

    private companion object {
        val json = Json { ignoreUnknownKeys = true }
        val JSON_TYPE = "application/json".toMediaType()
    }
}
