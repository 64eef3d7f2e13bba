// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * The learned part of {@link Kernels#temporalPool}, all f32.
 *
 * @param normWeight [E]
 * @param normBias [E]
 * @param eps added to the variance by the LayerNorm
 * @param hidden linear weights of the [E, E] hidden layer
 * @param hiddenBias [E]
 * @param scoreWeight [E]
 * @param scoreBias [1]
 */
public record TemporalPoolParameters(
        Tensor normWeight, Tensor normBias, double eps, Weights hidden, Tensor hiddenBias, Tensor scoreWeight,
        Tensor scoreBias) {}
