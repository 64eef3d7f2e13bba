// SPDX-License-Identifier: Apache-2.0
/**
 * Devices, tensors, kernels, and weights by name: everything that touches native code. Start the JVM with
 * {@code --enable-native-access=io.gatun.bindings}.
 */
module io.gatun.core {
    requires io.gatun.bindings;
    requires jdk.jfr;

    exports io.gatun.core;
}
