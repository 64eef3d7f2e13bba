// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/** Prints the best device, or why there is none; {@link DeviceTest} runs it in a JVM of its own. */
final class DeviceProbe {
    private DeviceProbe() {}

    public static void main(String[] arguments) {
        try {
            System.out.println(Device.best().info());
        } catch (GatunException e) {
            System.out.println(e);
        }
    }
}
