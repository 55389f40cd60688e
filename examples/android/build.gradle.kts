plugins {
    id("com.android.application") version "9.4.1" apply false
    // The Android plugin brings Kotlin along; this line says which.
    id("org.jetbrains.kotlin.android") version "2.4.10" apply false
    id("org.jetbrains.kotlin.plugin.compose") version "2.4.10" apply false
    id("org.jetbrains.kotlin.plugin.serialization") version "2.4.10" apply false
    id("com.google.gms.google-services") version "4.5.0" apply false
}
