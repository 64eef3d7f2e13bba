// SPDX-License-Identifier: Apache-2.0
/**
 * TerraMind's tokenizers under TerraTorch's names, arguments and weights: images to token numbers and back, by a finite
 * scalar quantiser between a vision transformer and a decoder, plain or by diffusion; coordinates and captions to the
 * token numbers of a text and back.
 */
package io.gatun.models.terramind.tokenizer;
