// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * A patch embedding with its LayerNorm, as {@link Fusions#encodePool} takes it, all f32.
 *
 * @param weights linear weights of [E, K], as {@link Kernels#patchEmbed} describes them
 * @param bias [E]
 * @param normWeight [E]
 * @param normBias [E]
 * @param options patch, validity, packing, and what the LayerNorm adds to the variance
 */
public record PatchEmbedParameters(
        Weights weights, Tensor bias, Tensor normWeight, Tensor normBias, PatchEmbedOptions options) {}
