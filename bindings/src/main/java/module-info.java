// SPDX-License-Identifier: Apache-2.0

/**
 * The Java side of Gatun's C ABI: classes generated from {@code gatun.h}, and the loader of {@code libgatun.so}.
 *
 * <p>This module is not an API for users. Only {@code io.gatun.core} sees it, and only {@code io.gatun.core}
 * calls native code. Start the JVM with {@code --enable-native-access=io.gatun.bindings}.
 */
@SuppressWarnings("module") // io.gatun.core is compiled after this module
module io.gatun.bindings {
    exports io.gatun.bindings to io.gatun.core;
    exports io.gatun.bindings.ffi to io.gatun.core;
}
