// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.Activation;
import io.gatun.core.BinaryOp;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/** Formulas of the elements of one tensor, a pass for each step; what the steps made is closed, but for the result. */
final class Pointwise {
    private final Scope scope;
    private final long[] shape;
    private final List<Tensor> steps = new ArrayList<>();

    private Pointwise(Scope scope, Tensor x) {
        this.scope = scope;
        this.shape = x.shape().toArray();
    }

    /** x stays open. */
    static Tensor apply(Scope scope, Tensor x, BiFunction<Pointwise, Tensor, Tensor> formula) {
        Pointwise all = new Pointwise(scope, x);
        try {
            Tensor result = formula.apply(all, x);
            all.steps.remove(result);
            return result;
        } finally {
            all.steps.forEach(Tensor::close);
        }
    }

    private Tensor step(Tensor made) {
        steps.add(made);
        return made;
    }

    private Tensor with(BinaryOp op, Tensor a, double number) {
        try (Tensor one = scope.scalar((float) number); Tensor all = one.expand(shape)) {
            return step(Kernels.binary(scope, op, a, all));
        }
    }

    Tensor activated(Tensor x, Activation activation) {
        return step(Kernels.activate(scope, x, activation));
    }

    Tensor plus(Tensor a, Tensor b) {
        return step(Kernels.binary(scope, BinaryOp.ADD, a, b));
    }

    Tensor plus(Tensor a, double number) {
        return with(BinaryOp.ADD, a, number);
    }

    Tensor minus(Tensor a, Tensor b) {
        return step(Kernels.binary(scope, BinaryOp.SUBTRACT, a, b));
    }

    Tensor times(Tensor a, Tensor b) {
        return step(Kernels.binary(scope, BinaryOp.MULTIPLY, a, b));
    }

    Tensor times(Tensor a, double number) {
        return with(BinaryOp.MULTIPLY, a, number);
    }

    Tensor divided(Tensor a, Tensor b) {
        return step(Kernels.binary(scope, BinaryOp.DIVIDE, a, b));
    }

    Tensor atLeast(Tensor x, double least) {
        return with(BinaryOp.MAXIMUM, x, least);
    }

    Tensor atMost(Tensor x, double most) {
        return with(BinaryOp.MINIMUM, x, most);
    }

    Tensor clamped(Tensor x, double least, double most) {
        return atMost(atLeast(x, least), most);
    }

    Tensor magnitude(Tensor x) {
        return step(Kernels.binary(scope, BinaryOp.MAXIMUM, x, times(x, -1)));
    }

    Tensor softshrink(Tensor x) {
        return minus(x, clamped(x, -0.5, 0.5));
    }

    /** What is left by the soft one is at least an ulp of 0.5, which a large factor makes 1. */
    Tensor hardshrink(Tensor x) {
        return times(x, magnitude(clamped(times(softshrink(x), 1e30), -1, 1)));
    }
}
