// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static io.gatun.factory.Refusals.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.core.Device;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.factory.internal.ActivationName;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class TorchActivationTest {
    private static final float[] X = {-25, -4, -3, -1.2f, -0.5f, -0.3f, 0, 0.4f, 0.5f, 0.7f, 2, 4, 7, 25};

    /** By PyTorch 2.13 in evaluation mode. */
    private static final Map<String, float[]> EXPECTED = Map.ofEntries(
            Map.entry("Identity", X),
            Map.entry("GELU", new float[] {0, -0.00012671947f, -0.0040498674f, -0.13808367f, -0.15426879f,
                -0.11462659f, 0, 0.26216868f, 0.3457312f, 0.53062546f, 1.9545f, 3.9998732f, 7, 25}),
            Map.entry("ReLU", new float[] {0, 0, 0, 0, 0, 0, 0, 0.4f, 0.5f, 0.7f, 2, 4, 7, 25}),
            Map.entry("Sigmoid", new float[] {1.3887943e-11f, 0.01798621f, 0.047425874f, 0.23147522f, 0.37754068f,
                0.42555749f, 0.5f, 0.59868765f, 0.62245935f, 0.66818774f, 0.88079703f, 0.98201376f, 0.999089f, 1}),
            Map.entry("Tanh", new float[] {-1, -0.99932933f, -0.99505478f, -0.83365464f, -0.46211717f, -0.29131263f,
                0, 0.37994897f, 0.46211717f, 0.60436779f, 0.96402758f, 0.99932933f, 0.99999833f, 1}),
            Map.entry("SiLU", new float[] {-3.4719858e-10f, -0.07194484f, -0.14227761f, -0.27777028f, -0.18877034f,
                -0.12766725f, 0, 0.23947507f, 0.31122968f, 0.46773142f, 1.7615941f, 3.928055f, 6.9936228f, 25}),
            Map.entry("Softplus", new float[] {1.3887944e-11f, 0.018149929f, 0.048587352f, 0.26328245f, 0.47407699f,
                0.55435526f, 0.69314718f, 0.91301525f, 0.97407699f, 1.103186f, 2.1269281f, 4.0181499f, 7.0009117f,
                25}),
            Map.entry("LeakyReLU", new float[] {-0.25f, -0.04f, -0.03f, -0.012f, -0.005f, -0.003f, 0, 0.4f, 0.5f, 0.7f,
                2, 4, 7, 25}),
            Map.entry("ELU", new float[] {-1, -0.98168439f, -0.95021296f, -0.69880581f, -0.39346933f, -0.2591818f, 0,
                0.4f, 0.5f, 0.7f, 2, 4, 7, 25}),
            Map.entry("CELU", new float[] {-1, -0.98168439f, -0.95021296f, -0.69880581f, -0.39346933f, -0.2591818f, 0,
                0.4f, 0.5f, 0.7f, 2, 4, 7, 25}),
            Map.entry("Hardshrink", new float[] {-25, -4, -3, -1.2f, 0, 0, 0, 0, 0, 0.7f, 2, 4, 7, 25}),
            Map.entry("Hardsigmoid", new float[] {0, 0, 0, 0.29999998f, 0.41666666f, 0.45000002f, 0.5f, 0.56666666f,
                0.58333331f, 0.61666667f, 0.83333331f, 1, 1, 1}),
            Map.entry("Hardswish", new float[] {0, 0, 0, -0.36f, -0.20833333f, -0.135f, 0, 0.22666667f, 0.29166666f,
                0.43166664f, 1.6666666f, 4, 7, 25}),
            Map.entry("Hardtanh", new float[] {-1, -1, -1, -1, -0.5f, -0.3f, 0, 0.4f, 0.5f, 0.7f, 1, 1, 1, 1}),
            Map.entry("LogSigmoid", new float[] {-25, -4.0181499f, -3.0485873f, -1.4632825f, -0.97407699f,
                -0.85435522f, -0.69314718f, -0.51301527f, -0.47407699f, -0.40318605f, -0.12692802f, -0.018149929f,
                -0.00091146649f, -1.3887944e-11f}),
            Map.entry("Mish", new float[] {-3.471986e-10f, -0.072591752f, -0.14564747f, -0.3088358f, -0.22074376f,
                -0.15113318f, 0, 0.28903052f, 0.37524524f, 0.56114835f, 1.943959f, 3.9974129f, 6.9999886f, 25}),
            Map.entry("ReLU6", new float[] {0, 0, 0, 0, 0, 0, 0, 0.4f, 0.5f, 0.7f, 2, 4, 6, 6}),
            Map.entry("RReLU", new float[] {-5.729167f, -0.91666669f, -0.6875f, -0.27500001f, -0.11458334f,
                -0.068750001f, 0, 0.4f, 0.5f, 0.7f, 2, 4, 7, 25}),
            Map.entry("SELU", new float[] {-1.7580993f, -1.7258986f, -1.6705687f, -1.22857f, -0.69175816f,
                -0.45566735f, 0, 0.42028043f, 0.52535051f, 0.73549068f, 2.101402f, 4.2028041f, 7.354907f, 26.267525f}),
            Map.entry("Softshrink", new float[] {-24.5f, -3.5f, -2.5f, -0.7f, 0, 0, 0, 0, 0, 0.2f, 1.5f, 3.5f, 6.5f,
                24.5f}),
            Map.entry("Softsign", new float[] {-0.96153843f, -0.8f, -0.75f, -0.54545456f, -0.33333334f, -0.23076925f,
                0, 0.2857143f, 0.33333334f, 0.41176468f, 0.66666669f, 0.8f, 0.875f, 0.96153843f}),
            Map.entry("Tanhshrink", new float[] {-24, -3.0006707f, -2.0049453f, -0.36634541f, -0.037882835f,
                -0.008687377f, 0, 0.020051032f, 0.037882835f, 0.095632195f, 1.0359724f, 3.0006707f, 6.0000019f, 24}));

    @Test
    void eachIsPyTorchs() {
        assertEquals(Arrays.stream(TorchActivation.values()).map(TorchActivation::torchName)
                .collect(Collectors.toSet()), EXPECTED.keySet());
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor x = scope.of(X, 1, 2, 7, 1);
            EXPECTED.forEach((name, expected) -> {
                Tensor y = ActivationName.of("test", "activation", name).behind(scope, a -> activated(scope, x, a));
                assertArrayEquals(expected, y.toFloatArray(), 2e-6f, name);
                Tensor nan = ActivationName.of("test", "activation", name)
                        .behind(scope, a -> activated(scope, scope.of(new float[] {Float.NaN}, 1), a));
                assertTrue(Float.isNaN(nan.toFloatArray()[0]), name);
            });
        }
    }

    private static Tensor activated(Scope scope, Tensor x, Activation activation) {
        return Kernels.activate(scope, x, activation);
    }

    @Test
    void classesWithAxesWeightsOrArgumentsAreRefused() {
        for (String name : List.of("Softmax", "LogSoftmax", "GLU", "PReLU", "Threshold", "MultiheadAttention")) {
            refused(ArgumentException.class,
                    () -> Parts.decoder("MLPDecoder", List.of(3), Map.of("activation", name)), "activation is " + name,
                    "Hardswish", "Mish");
        }
    }

    @Test
    void aFormulaThatFailsLeavesNoSteps() {
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor x = scope.of(X, X.length);
            long held = Device.cpu().memory().buffersLive();
            assertThrows(ArithmeticException.class, () -> Pointwise.apply(scope, x, (steps, each) -> {
                steps.plus(steps.times(each, 2), each);
                throw new ArithmeticException();
            }));
            assertEquals(held, Device.cpu().memory().buffersLive());
        }
    }
}
