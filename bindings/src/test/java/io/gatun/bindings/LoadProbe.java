// SPDX-License-Identifier: Apache-2.0
package io.gatun.bindings;

import io.gatun.bindings.ffi.GatunH;

/** Loads the library in a JVM of its own, started by {@link NativeLibraryTest}, and prints what came of it. */
final class LoadProbe {
    private LoadProbe() {}

    /** Prints the loaded file and the library's ABI version, or the message of the failure. */
    public static void main(String[] arguments) {
        try {
            System.out.println(NativeLibrary.load() + " abi " + GatunH.gatun_abi_version());
        } catch (NativeLibraryException e) {
            System.out.println(e.getMessage());
        }
    }
}
