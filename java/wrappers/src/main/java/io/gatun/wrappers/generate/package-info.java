// SPDX-License-Identifier: Apache-2.0
/**
 * Modalities of whole scenes from others: cut into windows that overlap, generated in batches, blended, and written as
 * they become complete.
 */
package io.gatun.wrappers.generate;
