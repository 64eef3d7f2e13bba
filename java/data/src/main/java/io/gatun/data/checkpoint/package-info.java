// SPDX-License-Identifier: Apache-2.0
/**
 * Weights files whatever their format, and PyTorch checkpoints without Python. Nothing in a file is executed: the
 * reader knows the few constructors that a checkpoint of tensors and plain data needs, and refuses any other by name.
 */
package io.gatun.data.checkpoint;
