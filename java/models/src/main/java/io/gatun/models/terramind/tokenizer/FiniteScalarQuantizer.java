// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.core.BinaryOp;
import io.gatun.core.DType;
import io.gatun.core.DTypeException;
import io.gatun.core.Kernels;
import io.gatun.core.Reduction;
import io.gatun.core.Reductions;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Finite scalar quantisation (Mentzer et al. 2023) in upstream's form: each of the latent's channels becomes one of a
 * few levels, {@code n = round(sigmoid(z) (levels - 1))}, halves to even; its code is {@code n / (levels - 1)}, and the
 * token number counts the combinations, the first channel fastest. There is nothing learned in it.
 */
public final class FiniteScalarQuantizer {
    /** In single precision a sum with it has no fraction left, and was rounded to even. */
    private static final float ROUNDING = 1 << 23;

    private final List<Integer> levels;
    private final int size;
    private final Tensor steps;
    private final Tensor basis;
    private final Tensor codebook;

    /**
     * Makes the code book.
     *
     * @param scope owns it
     * @param levels of each channel
     */
    public FiniteScalarQuantizer(Scope scope, List<Integer> levels) {
        this.levels = List.copyOf(levels);
        this.size = size(levels);
        int width = levels.size();
        float[] last = new float[width];
        float[] counts = new float[width];
        float[] codes = new float[size * width];
        int count = 1;
        for (int i = 0; i < width; i++) {
            last[i] = levels.get(i) - 1;
            counts[i] = count;
            for (int token = 0; token < size; token++) {
                codes[token * width + i] = token / count % levels.get(i) / last[i];
            }
            count *= levels.get(i);
        }
        steps = scope.of(last, width);
        basis = scope.of(counts, width);
        codebook = scope.of(codes, size, width);
    }

    /**
     * Levels from upstream's {@code codebook_size}.
     *
     * @param text for example {@code 8-8-8-6-5}
     * @return the levels
     * @throws ArgumentException if the text is anything else
     */
    public static List<Integer> levels(String text) {
        if (!text.matches("\\d{1,6}(-\\d{1,6})*")) {
            throw new ArgumentException("tokenizer: codebook_size is " + text
                    + ", expected levels with hyphens between, such as 8-8-8-6-5");
        }
        List<Integer> levels = Arrays.stream(text.split("-")).map(Integer::valueOf).toList();
        size(levels);
        return levels;
    }

    /**
     * Number of different tokens.
     *
     * @param levels of each channel
     * @return their product
     * @throws ArgumentException if a level is below 2, or there are more tokens than single precision counts
     */
    static int size(List<Integer> levels) {
        long size = 1;
        for (int each : levels) {
            size *= each;
            if (each < 2 || size > 1 << 24) {
                throw new ArgumentException("tokenizer: codebook_size has the levels " + levels
                        + ", expected at least 2 of each and at most 2^24 combinations");
            }
        }
        return (int) size;
    }

    /**
     * What a latent becomes.
     *
     * @param codes like the latent, 0 to 1
     * @param numbers token numbers as f32 of the latent's shape without its last axis; NaN where the latent is
     */
    record Quantized(Tensor codes, Tensor numbers) implements AutoCloseable {
        @Override
        public void close() {
            codes.close();
            numbers.close();
        }
    }

    /**
     * Quantises.
     *
     * @param scope owns the result
     * @param latent [..., channels] f32, dense
     * @return codes and numbers
     */
    Quantized quantize(Scope scope, Tensor latent) {
        try (Tensor digits = Kernels.activate(scope, latent, Activation.SIGMOID);
                Tensor rounding = scope.full(DType.F32, ROUNDING, 1)) {
            Kernels.binary(scope, BinaryOp.MULTIPLY, digits, steps, digits);
            Kernels.add(scope, digits, rounding, digits);
            Kernels.binary(scope, BinaryOp.SUBTRACT, digits, rounding, digits);
            Tensor codes = Kernels.binary(scope, BinaryOp.DIVIDE, digits, steps);
            try {
                Kernels.binary(scope, BinaryOp.MULTIPLY, digits, basis, digits);
                return new Quantized(codes, Reductions.reduce(scope, digits, -1, Reduction.SUM));
            } catch (RuntimeException | Error e) {
                codes.close();
                throw e;
            }
        }
    }

    /**
     * Codes of token numbers.
     *
     * @param scope owns the result
     * @param tokens int64 or int32, any shape
     * @return [..., channels]
     * @throws ArgumentException if a number is not in the code book
     * @throws DTypeException if these are no integers
     */
    Tensor codes(Scope scope, Tensor tokens) {
        if (tokens.dtype() != DType.I64 && tokens.dtype() != DType.I32) {
            throw new DTypeException("tokenizer: token numbers are " + tokens.dtype() + ", expected int64");
        }
        if (!scope.device().isMeta()) {
            for (long number : tokens.toLongArray()) {
                if (number < 0 || number >= size) {
                    throw new ArgumentException("tokenizer: token number " + number + ", expected 0 to " + (size - 1)
                            + " for levels " + levels + "; are these the tokens of another modality?");
                }
            }
        }
        try (Tensor numbers = Kernels.copy(scope, tokens, DType.I64)) {
            return Kernels.takeRows(scope, codebook, numbers);
        }
    }
}
