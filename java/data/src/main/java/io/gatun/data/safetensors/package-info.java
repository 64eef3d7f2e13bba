// SPDX-License-Identifier: Apache-2.0
/**
 * Weights in the <a href="https://huggingface.co/docs/safetensors">safetensors</a> format: eight bytes of header
 * length, a JSON header with name, element type, shape and place of each tensor, and the little-endian bytes.
 */
package io.gatun.data.safetensors;
