package com.example.app

import android.os.Bundle
import androidx.activity.ComponentActivity
import androidx.activity.compose.setContent
import androidx.activity.viewModels
import androidx.lifecycle.ViewModelProvider.AndroidViewModelFactory.Companion.APPLICATION_KEY
import androidx.lifecycle.viewmodel.initializer
import androidx.lifecycle.viewmodel.viewModelFactory
import com.example.app.billing.BillingGateway
import com.example.app.billing.EntitlementStore
import com.example.app.billing.PlaygrantApi
import com.example.app.billing.Session
import com.example.app.billing.ShopScreen
import com.example.app.billing.ShopViewModel
import com.google.firebase.auth.FirebaseAuth
import com.google.firebase.firestore.FirebaseFirestore
import kotlin.time.Duration.Companion.seconds
import okhttp3.HttpUrl.Companion.toHttpUrl
import okhttp3.OkHttpClient

/** Sign the customer in first, in whichever way your app does: without an account nothing can be bought. */
class MainActivity : ComponentActivity() {
    private val shop: ShopViewModel by viewModels {
        viewModelFactory {
            initializer {
                val app = checkNotNull(this[APPLICATION_KEY])
                val session = Session(FirebaseAuth.getInstance())
                val http = OkHttpClient.Builder().readTimeout(30.seconds).build()
                ShopViewModel(
                    session = session,
                    gateway = BillingGateway(app),
                    store = EntitlementStore(FirebaseFirestore.getInstance()),
                    apiFor = { uid ->
                        PlaygrantApi(BuildConfig.PLAYGRANT_URL.toHttpUrl(), http) { session.idToken(uid, refresh = it) }
                    },
                    packageName = app.packageName,
                )
            }
        }
    }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContent { ShopScreen(shop) }
    }
}
