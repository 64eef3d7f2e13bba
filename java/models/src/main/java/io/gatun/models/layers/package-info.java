// SPDX-License-Identifier: Apache-2.0
/**
 * Layers as small immutable records over device tensors, under PyTorch's names. Each reads its own parameters from a
 * {@link io.gatun.core.StateDict}; the scope they are loaded into owns them.
 */
package io.gatun.models.layers;
