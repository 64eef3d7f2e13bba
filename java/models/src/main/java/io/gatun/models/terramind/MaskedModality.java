// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.Tensor;
import java.util.Optional;

/**
 * A modality of which some tokens are given and some are to be found, as in training.
 *
 * @param tensor [B, C, H, W] f32, or numbers [B, rows, columns] or [B, N] of patches, or [B, L] of a text
 * @param inputMask [B, N] row-major, true where the encoder does not see a token; none: it sees all
 * @param targetMask [B, N] row-major, true where a token is not to be found; none: all are to be found
 * @param attention [B, N] row-major, upstream's {@code decoder_attention_mask}: a token sees as many tokens, from the
 *     first, as these numbers sum up to, from the first to its own; none: all see all
 */
public record MaskedModality(
        Tensor tensor, Optional<boolean[]> inputMask, Optional<boolean[]> targetMask, Optional<long[]> attention) {}
