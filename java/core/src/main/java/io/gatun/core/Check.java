// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** Checks of a kernel's arguments; messages name the operation and the tensor's role. */
final class Check {
    private Check() {}

    static void dtype(String op, String role, Tensor tensor, DType wanted) {
        if (tensor.dtype() != wanted) {
            throw new DTypeException(op + ": " + role + " is " + tensor.dtype().torchName() + ", expected "
                    + wanted.torchName() + ". Convert it: Kernels.copy(scope, tensor, DType." + wanted + ").");
        }
    }

    /** One of several element types. */
    static void oneOf(String op, String role, DType dtype, DType... wanted) {
        if (!Arrays.asList(wanted).contains(dtype)) {
            throw new DTypeException(op + ": " + role + " is " + dtype.torchName() + ", expected one of "
                    + Arrays.stream(wanted).map(DType::torchName).collect(Collectors.joining(", "))
                    + ". Kernels.copy(scope, tensor, dtype) converts.");
        }
    }

    static void dense(String op, String role, Tensor tensor) {
        if (!tensor.isDense()) {
            throw new ShapeException(op + ": " + role + " of shape " + tensor.shape() + " is a view with strides "
                    + Arrays.toString(tensor.strides()) + ", expected a dense tensor. Copy it first:"
                    + " Kernels.copy(scope, tensor).");
        }
    }

    static void denseF32(String op, String role, Tensor tensor) {
        dtype(op, role, tensor, DType.F32);
        dense(op, role, tensor);
    }

    static void rank(String op, String role, Tensor tensor, int rank, String axes) {
        if (tensor.shape().rank() != rank) {
            throw new ShapeException(op + ": " + role + " has shape " + tensor.shape() + ", expected " + rank + " axes "
                    + axes);
        }
    }

    static void shape(String op, String role, Tensor tensor, long... wanted) {
        boolean same = tensor.shape().rank() == wanted.length;
        for (int axis = 0; same && axis < wanted.length; axis++) {
            same = tensor.dim(axis) == wanted[axis];
        }
        if (!same) {
            throw new ShapeException(op + ": " + role + " has shape " + tensor.shape() + ", expected "
                    + Arrays.toString(wanted));
        }
    }

    /** A dense f32 tensor of exactly this shape. */
    static void f32(String op, String role, Tensor tensor, long... wanted) {
        shape(op, role, tensor, wanted);
        denseF32(op, role, tensor);
    }

    static void f32(String op, String role, Optional<Tensor> tensor, long... wanted) {
        if (tensor.isPresent()) {
            f32(op, role, tensor.get(), wanted);
        }
    }

    /** A dense boolean tensor of exactly this shape, if present. */
    static void bool(String op, String role, Optional<Tensor> tensor, long... wanted) {
        if (tensor.isPresent()) {
            shape(op, role, tensor.get(), wanted);
            dtype(op, role, tensor.get(), DType.BOOL);
            dense(op, role, tensor.get());
        }
    }

    static void kind(String op, Weights weights, Weights.Kind wanted) {
        if (weights.kind() != wanted) {
            throw new ArgumentException(op + ": the weights are for " + weights.kind() + ", expected " + wanted);
        }
    }

    static void eps(String op, double eps) {
        if (!(eps >= 0) || Double.isInfinite(eps)) {
            throw new ArgumentException(op + ": eps is " + eps + ", expected a finite number of at least 0");
        }
    }

    /** An axis of an input: it must be a multiple of the patch. */
    static long patches(String op, Tensor x, int axis, String name, long patch) {
        long extent = x.dim(axis);
        if (extent % patch != 0) {
            throw new ShapeException(op + ": axis " + name + " of x has extent " + extent + ", not a multiple of patch"
                    + " size " + patch + " (x " + x.shape() + "). Pad it to " + (extent / patch + 1) * patch + ".");
        }
        return extent / patch;
    }

    /** The shape that two shapes broadcast to by PyTorch's rule. */
    static long[] broadcast(String op, Shape a, Shape b) {
        long[] result = new long[Math.max(a.rank(), b.rank())];
        for (int back = 1; back <= result.length; back++) {
            long left = back <= a.rank() ? a.dim(-back) : 1;
            long right = back <= b.rank() ? b.dim(-back) : 1;
            if (left != right && left != 1 && right != 1) {
                throw new ShapeException(op + ": a has shape " + a + " and b " + b
                        + "; aligned at the end, axes must be equal or 1");
            }
            result[result.length - back] = left == 1 ? right : left;
        }
        return result;
    }
}
