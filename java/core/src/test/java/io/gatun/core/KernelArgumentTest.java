// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** A wrong argument is a typed error that names the tensor, and leaves the scope usable. */
class KernelArgumentTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open(Device.cpu());
    }

    @AfterEach
    void stillWorksAndCloses() {
        assertEquals(3, Kernels.add(scope, scope.scalar(1), scope.scalar(2)).toFloatArray()[0]);
        scope.close();
    }

    private static void fails(Class<? extends GatunException> type, String part, Executable call) {
        String message = assertThrows(type, call).getMessage();
        assertTrue(message.contains(part), () -> "\"" + message + "\" does not say \"" + part + "\"");
    }

    private Weights square(int size) {
        return Kernels.linearWeights(scope, scope.zeros(size, size));
    }

    @Test
    void shapesThatDoNotFitNameTheTensor() {
        Tensor x = scope.zeros(2, 3);
        Tensor three = scope.zeros(3);
        fails(ShapeException.class, "layerNorm: weight has shape [2], expected [3]",
                () -> Kernels.layerNorm(scope, x, scope.zeros(2), three, 1e-5));
        fails(ShapeException.class, "layerNorm: residual",
                () -> Kernels.layerNorm(scope, x, Optional.of(three), three, three, 1e-5));
        fails(ShapeException.class, "linear: x has shape [2, 3], its last axis must be 4",
                () -> Kernels.linear(scope, x, square(4), scope.zeros(4)));
        fails(ShapeException.class, "linear: bias", () -> Kernels.linear(scope, x, square(3), scope.zeros(4)));
        fails(ShapeException.class, "linear: x is a scalar",
                () -> Kernels.linear(scope, scope.scalar(1), square(3), three));
        fails(ShapeException.class, "add: a has shape [2, 3] and b [2]",
                () -> Kernels.add(scope, x, scope.zeros(2)));
        fails(ShapeException.class, "attention: qkv", () -> Kernels.attention(scope, scope.zeros(1, 2, 12), 3));
        Tensor tokens = scope.zeros(2, 3, 4);
        Tensor keys = scope.zeros(2, 5, 4);
        fails(ShapeException.class, "attention: query has shape [2, 3, 4] for 3 heads", () -> Kernels.attention(scope,
                tokens, keys, keys, Optional.empty(), 3, Precision.STRICT));
        fails(ShapeException.class, "attention: value has shape [2, 3, 4], expected [2, 5, 4]",
                () -> Kernels.attention(scope, tokens, keys, tokens, Optional.empty(), 2, Precision.STRICT));
        fails(ShapeException.class, "attention: key has shape [2, 0, 4], expected at least one key",
                () -> Kernels.attention(scope, tokens, scope.zeros(2, 0, 4), scope.zeros(2, 0, 4), Optional.empty(), 2,
                        Precision.STRICT));
        fails(ShapeException.class, "attention: mask has shape [2, 2, 5], expected [2 or 1, 3 or 1, 5]",
                () -> Kernels.attention(scope, tokens, keys, keys,
                        Optional.of(scope.full(DType.BOOL, 1, 2, 2, 5)), 2, Precision.STRICT));
        fails(ShapeException.class, "sampleTokens: logits has shape [2, 0], expected a last axis that is not empty",
                () -> Reductions.sampleTokens(scope, scope.zeros(2, 0), new SampleOptions(1, 0, 0), 0,
                        scope.of(new long[2], 2)));
        fails(ShapeException.class, "sampleTokens: counters has shape [3], expected [2]",
                () -> Reductions.sampleTokens(scope, x, new SampleOptions(1, 0, 0), 0, scope.of(new long[3], 3)));
        fails(ShapeException.class, "copy: out has shape [3], expected [2, 3]", () -> Kernels.copy(scope, x, three));
        fails(ShapeException.class, "linearWeights: weight has shape [3], expected 2 axes",
                () -> Kernels.linearWeights(scope, three));
        fails(ShapeException.class, "weight has shape [0, 3]",
                () -> Kernels.linearWeights(scope, scope.zeros(0, 3)));
        fails(ShapeException.class, "stride", () -> Kernels.convTranspose2dWeights(scope, scope.zeros(1, 1, 2, 2), 3, 3,
                0, 0));
    }

    @Test
    void imagesThatDoNotFitAreRefused() {
        Weights conv = Kernels.conv2dWeights(scope, scope.zeros(2, 3, 5, 5));
        fails(ShapeException.class, "conv2d: x has shape [1, 8, 8, 4]",
                () -> Images.conv2d(scope, scope.zeros(1, 8, 8, 4), conv, Optional.empty(), 0, Activation.NONE));
        fails(ShapeException.class, "image of -1 x 4",
                () -> Images.conv2d(scope, scope.zeros(1, 3, 8, 3), conv, Optional.empty(), 0, Activation.NONE));
        fails(ShapeException.class, "padding is 5",
                () -> Images.conv2d(scope, scope.zeros(1, 8, 8, 3), conv, Optional.empty(), 5, Activation.NONE));
        long far = (1L << 30) - 1;
        Weights one = Kernels.conv2dWeights(scope, scope.zeros(1, 1, 3, 3));
        Tensor image = scope.zeros(1, 10, 10, 1);
        fails(ShapeException.class, "padding of 1073741823 and 1073741823 around 10 x 10 pixels",
                () -> Images.conv2d(scope, image, one, Optional.empty(),
                        new Conv2dGeometry(1, 1, far, far, far, far), Activation.NONE));
        fails(ShapeException.class, "borders of 9223372036854775807 and 9223372036854775807 around 10 pixels",
                () -> Images.pad2d(scope, image, 0, 0, Long.MAX_VALUE, Long.MAX_VALUE, PadMode.CONSTANT, 0));
        fails(ShapeException.class, "borders of 10 and 0 around 10 pixels, expected 0 to 9",
                () -> Images.pad2d(scope, image, 10, 0, 0, 0, PadMode.REFLECT, 0));
        Weights up = Kernels.convTranspose2dWeights(scope, scope.zeros(3, 2, 4, 4), 2, 2, 1, 1);
        fails(ShapeException.class, "output padding is 2 x 0",
                () -> Images.convTranspose2d(scope, scope.zeros(1, 2, 2, 3), up, Optional.empty(), 2, 0));
        fails(ArgumentException.class, "the weights are for CONV2D, expected CONV_TRANSPOSE2D",
                () -> Images.convTranspose2d(scope, scope.zeros(1, 8, 8, 3), conv, Optional.empty(), 0, 0));
        Tensor x = scope.zeros(1, 1, 1, 4, 250);
        PatchEmbedOptions patch = new PatchEmbedOptions(1, 4, 16, Validity.NONE, 1e-5);
        fails(ShapeException.class, "axis W of x has extent 250, not a multiple of patch size 16",
                () -> Kernels.patchEmbed(scope, x, Optional.empty(), square(64), Optional.empty(), Optional.empty(),
                        Optional.empty(), patch));
        fails(ArgumentException.class, "a mask goes with Validity.MASK", () -> Kernels.patchEmbed(scope,
                scope.zeros(1, 1, 1, 4, 16), Optional.empty(), square(128), Optional.empty(), Optional.empty(),
                Optional.empty(), new PatchEmbedOptions(1, 4, 16, Validity.MASK, 1e-5)));
        fails(ShapeException.class, "patch is 0", () -> new PatchEmbedOptions(0, 4, 16, Validity.MASK, 1e-5));
    }

    @Test
    void aRefusedCallLeavesNoResult() {
        Tensor image = scope.zeros(1, 4, 4, 6);
        Tensor vector = scope.zeros(6);
        Tensor closed = scope.zeros(6);
        closed.close();
        Tensor table = scope.zeros(2, 6);
        table.close();
        Tensor ids = scope.of(new long[1], 1);
        Weights linear = square(6);
        Weights conv = Kernels.conv2dWeights(scope, scope.zeros(6, 6, 3, 3));
        Weights refine = Fusions.refineWeights(scope, scope.zeros(6, 6, 3, 3));
        Tensor months = image.unsqueeze(1);
        Tensor one = scope.zeros(1);
        List<Executable> byTheLibrary = List.of(
                () -> Kernels.groupNorm(scope, image, 4, vector, vector, 1e-5, Activation.NONE),
                () -> Images.conv2d(scope, image, conv, Optional.empty(), 0, Activation.SILU),
                () -> Images.pad2d(scope, image, 4, 0, 0, 0, PadMode.REFLECT, 0),
                () -> Images.resize2d(scope, image, 8, 8, ResizeMode.NEAREST, true));
        List<Executable> closedArguments = List.of(
                () -> Kernels.copy(scope, closed),
                () -> Kernels.add(scope, image, closed),
                () -> Kernels.takeRows(scope, table, ids),
                () -> Kernels.linear(scope, image, linear, closed),
                () -> Kernels.layerNorm(scope, image, vector, closed, 1e-5),
                () -> Images.mapHead(scope, months, closed, one, one, one, Optional.empty()),
                () -> Fusions.refineHead(scope, months, refine, vector, closed, one, one, one, Optional.empty()),
                () -> Reductions.softmax(scope, closed),
                () -> Reductions.reduce(scope, closed, 0, Reduction.SUM));
        long held = scope.device().memory().buffersLive();
        byTheLibrary.forEach(call -> {
            assertThrows(GatunException.class, call);
            assertEquals(held, scope.device().memory().buffersLive());
        });
        closedArguments.forEach(call -> {
            assertThrows(IllegalStateException.class, call);
            assertEquals(held, scope.device().memory().buffersLive());
        });
    }

    @Test
    void otherElementTypesAreRefused() {
        Tensor halves = scope.full(DType.F16, 1, 2, 3);
        fails(DTypeException.class, "add: a is float16, expected float32",
                () -> Kernels.add(scope, halves, scope.zeros(2, 3)));
        fails(DTypeException.class, "attention: qkv is float16",
                () -> Kernels.attention(scope, scope.full(DType.F16, 1, 1, 2, 3), 1));
        Tensor tokens = scope.zeros(1, 2, 4);
        fails(DTypeException.class, "attention: mask is float32, expected bool", () -> Kernels.attention(scope, tokens,
                tokens, tokens, Optional.of(scope.zeros(1, 1, 2)), 1, Precision.STRICT));
        fails(DTypeException.class, "sampleTokens: counters is float32, expected int64", () -> Reductions.sampleTokens(
                scope, scope.zeros(2, 3), new SampleOptions(1, 0, 0), 0, scope.zeros(2)));
        fails(DTypeException.class, "mapHead: land is float32", () -> Images.mapHead(scope,
                scope.zeros(1, 1, 2, 2, 3), scope.zeros(3), scope.zeros(1), scope.zeros(1), scope.zeros(1),
                Optional.of(scope.zeros(1, 2, 2))));
        fails(DTypeException.class, "toBooleanArray", halves::toBooleanArray);
        fails(DTypeException.class, "toLongArray", halves::toLongArray);
    }

    @Test
    void viewsWithGapsAreRefusedWhereDenseIsWanted() {
        Tensor turned = scope.zeros(3, 2).permute(1, 0);
        fails(ShapeException.class, "expected a dense tensor. Copy it first",
                () -> Kernels.layerNorm(scope, turned, scope.zeros(3), scope.zeros(3), 1e-5));
        Tensor columns = scope.zeros(1, 4, 2).permute(0, 2, 1);
        fails(ShapeException.class, "attention: key of shape [1, 2, 4] is a view with strides [8, 1, 2]",
                () -> Kernels.attention(scope, scope.zeros(1, 3, 4), columns, scope.zeros(1, 2, 4), Optional.empty(), 2,
                        Precision.STRICT));
        fails(ShapeException.class, "cannot be written",
                () -> Kernels.fill(scope, scope.zeros(1, 2).expand(3, 2), 1));
        Tensor x = scope.zeros(4);
        fails(ArgumentException.class, "out and x share memory",
                () -> Kernels.copy(scope, x.slice(0, 0, 3), x.slice(0, 1, 4)));
    }

    @Test
    void optionsOfADrawAreChecked() {
        for (double wrong : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
            fails(ArgumentException.class, "temperature is " + wrong, () -> new SampleOptions(wrong, 0, 0));
            fails(ArgumentException.class, "topK is " + wrong, () -> new SampleOptions(1, wrong, 0));
            fails(ArgumentException.class, "topP is " + wrong, () -> new SampleOptions(1, 0, wrong));
        }
        fails(ArgumentException.class, "topK is 2.5, expected 0 (off), a share below 1 or a whole number",
                () -> new SampleOptions(1, 2.5, 0));
    }

    @Test
    void onlyTensorsOfTheScopeAreWritten() {
        try (Scope other = Scope.open(Device.cpu()); Tensor kept = other.keep(other.zeros(2))) {
            fails(ArgumentException.class, "fill: out does not belong to this scope",
                    () -> Kernels.fill(scope, other.zeros(2), 1));
            fails(ArgumentException.class, "fill: out does not belong to this scope",
                    () -> Kernels.fill(other, kept, 1));
        }
    }

    @Test
    void devicesDoNotMix() {
        try (Device device = Device.cpu(CpuOptions.DEFAULT.withThreads(1)); Scope other = Scope.open(device)) {
            Tensor foreign = other.zeros(2);
            fails(ArgumentException.class, "add: b is on another device",
                    () -> Kernels.add(scope, scope.zeros(2), foreign));
            Weights weights = Kernels.linearWeights(other, other.zeros(2, 2));
            fails(ArgumentException.class, "linear: weights is on another device",
                    () -> Kernels.linear(scope, scope.zeros(1, 2), weights, scope.zeros(2)));
        }
    }

    @Test
    void arraysOfAnotherSizeAreRefused() {
        fails(ShapeException.class, "has 16 bytes, got 12", () -> scope.of(new float[3], 2, 2));
        fails(ShapeException.class, "the array has 3 elements", () -> scope.zeros(2).copyTo(new float[3]));
        fails(ShapeException.class, "more than 2^63 bytes", () -> scope.empty(DType.F64, Long.MAX_VALUE / 4));
        fails(ArgumentException.class, "eps is NaN", () -> Kernels.layerNorm(scope, scope.zeros(2), scope.zeros(2),
                scope.zeros(2), Double.NaN));
    }
}
