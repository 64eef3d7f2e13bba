// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/** Forgets to close one thing of each kind; {@link LeakTest} runs it in a JVM of its own and reads what it prints. */
final class LeakProbe {
    private static final int PATIENCE = 200;

    private LeakProbe() {}

    public static void main(String[] arguments) throws InterruptedException {
        Device device = Device.cpu();
        forget(device);
        for (int i = 0; i < PATIENCE && device.memory().buffersLive() > 0; i++) {
            System.gc();
            Thread.sleep(20);
        }
        // The device of its own has nothing to count; give its report a moment.
        System.gc();
        Thread.sleep(200);
        System.out.println("live " + device.memory().buffersLive());
    }

    private static void forget(Device device) {
        Scope scope = Scope.open(device);
        scope.zeros(1000);
        Scope closed = Scope.open(device);
        closed.keep(closed.zeros(7, 5));
        closed.close();
        Scope.open(Device.cpu(CpuOptions.DEFAULT.withThreads(1))).zeros(3);
    }
}
