// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.util.List;

/**
 * Runs into every failure of a device that fails on demand, and prints one line for each; {@link FaultTest} runs it in
 * a JVM of its own.
 */
final class FaultProbe {
    /** More than the codes there are: the last is one that nobody knows. */
    static final int CODES = 10;

    private FaultProbe() {}

    private static String failure(Runnable work) {
        try {
            work.run();
            return "nothing";
        } catch (RuntimeException e) {
            return e.getClass().getSimpleName() + ": " + e.getMessage();
        }
    }

    public static void main(String[] arguments) {
        Device device = Device.cuda(0);
        for (int code = 1; code <= CODES; code++) {
            int status = code;
            try (Scope scope = Scope.open(device)) {
                Tensor tensor = scope.empty(DType.F32, 2);
                System.out.println("call " + code + " " + failure(() -> Kernels.fill(scope, tensor, 9000 + status)));
                Kernels.fill(scope, tensor, 9100 + status);
                System.out.println("wait " + code + " " + failure(scope::sync));
                System.out.println("read " + code + " " + failure(() -> {
                    Kernels.fill(scope, tensor, 9100 + status);
                    tensor.toFloatArray();
                }));
                System.out.println("graph " + code + " " + failure(() -> Graph.record(device, List.of(), (own, _) ->
                        own.full(DType.F32, 9200 + status, 2))));
                System.out.println("after " + code + " " + failure(() -> {
                    Kernels.fill(scope, tensor, 0);
                    scope.sync();
                }));
            }
            Scope failing = Scope.open(device);
            Kernels.fill(failing, failing.empty(DType.F32, 2), 9100 + code);
            System.out.println("close " + code + " " + failure(failing::close));
        }
        try (Scope scope = Scope.open(device)) {
            System.out.println("large " + failure(() -> scope.empty(DType.F32, 1 << 20)));
            System.out.println("small " + failure(() -> scope.empty(DType.F32, 1 << 10)));
        }
        System.out.println("left " + device.memory().buffersLive());
    }
}
