package com.example.app.billing

import androidx.activity.compose.LocalActivity
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawingPadding
import androidx.compose.foundation.text.selection.SelectionContainer
import androidx.compose.material3.Button
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.ui.Modifier
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.unit.dp
import androidx.lifecycle.compose.LifecycleResumeEffect
import androidx.lifecycle.compose.collectAsStateWithLifecycle
import com.example.app.R
import kotlinx.coroutines.launch

@Composable
fun ShopScreen(shop: ShopViewModel) {
    val state by shop.state.collectAsStateWithLifecycle()
    val activity = LocalActivity.current
    val scope = rememberCoroutineScope()
    LifecycleResumeEffect(shop) {
        shop.resumed()
        onPauseOrDispose {}
    }
    Column(Modifier.safeDrawingPadding().padding(24.dp), Arrangement.spacedBy(12.dp)) {
        Text(stringResource(if (state.premium) R.string.premium_on else R.string.premium_off))
        state.message?.let { Text(stringResource(it)) }
        state.offers.forEach { offer ->
            Button(
                enabled = state.signedIn && activity != null,
                onClick = { if (activity != null) scope.launch { shop.buy(activity, offer) } },
            ) { Text("${offer.product.name} ${offer.price}") }
        }
        TextButton(onClick = shop::restore) { Text(stringResource(R.string.restore)) }
        TextButton(onClick = shop::showLicenseKeys) { Text(stringResource(R.string.show_license_keys)) }
        state.licenseKeys.forEach { SelectionContainer { Text(it.key) } }
    }
}
