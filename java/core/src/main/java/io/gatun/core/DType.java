// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.util.Arrays;

/**
 * Element type of a {@link Tensor} or of a tensor stored in a {@link Checkpoint}.
 *
 * <p>Kernels compute in {@link #F32}; {@link Kernels#patchEmbed} reads and writes 16-bit types as well. {@link #F64}
 * and {@link #I8} exist because checkpoint files hold them. The order of the constants is the numbering of
 * {@code gatun_dtype} in {@code gatun.h}.
 */
public enum DType {
    /** IEEE 754 single precision, {@code torch.float32}. */
    F32(4, "float32"),
    /** bfloat16, {@code torch.bfloat16}. */
    BF16(2, "bfloat16"),
    /** IEEE 754 half precision, {@code torch.float16}. */
    F16(2, "float16"),
    /** Signed 64-bit integer, {@code torch.int64}. */
    I64(8, "int64"),
    /** Signed 32-bit integer, {@code torch.int32}. */
    I32(4, "int32"),
    /** Signed 16-bit integer, {@code torch.int16}. */
    I16(2, "int16"),
    /** Unsigned 8-bit integer, {@code torch.uint8}. */
    U8(1, "uint8"),
    /** Boolean, one byte an element, 0 or 1, {@code torch.bool}. */
    BOOL(1, "bool"),
    /** IEEE 754 double precision, {@code torch.float64}. */
    F64(8, "float64"),
    /** Signed 8-bit integer, {@code torch.int8}. */
    I8(1, "int8");

    private final int sizeBytes;
    private final String torchName;

    DType(int sizeBytes, String torchName) {
        this.sizeBytes = sizeBytes;
        this.torchName = torchName;
    }

    /**
     * Size of one element.
     *
     * @return bytes, at least 1
     */
    public int sizeBytes() {
        return sizeBytes;
    }

    /**
     * PyTorch's name of this type.
     *
     * @return for example {@code float32}
     */
    public String torchName() {
        return torchName;
    }

    /**
     * Whether values of this type are floating-point numbers.
     *
     * @return true for F32, BF16, F16 and F64
     */
    public boolean isFloatingPoint() {
        return this == F32 || this == BF16 || this == F16 || this == F64;
    }

    /**
     * The type of a safetensors header entry ({@code "F32"}, {@code "BF16"}, ...), which is a constant's name.
     *
     * @param name name as written in the file
     * @return the type
     * @throws CheckpointException if no such type is known
     */
    public static DType ofSafetensorsName(String name) {
        for (DType type : values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        throw new CheckpointException("element type \"" + name + "\" is not supported; known: "
                + Arrays.toString(values()) + ". Convert the tensor before saving it.");
    }
}
