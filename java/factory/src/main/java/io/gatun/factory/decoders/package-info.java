// SPDX-License-Identifier: Apache-2.0
/** Decoders: features to one map. Names, arguments and keys are TerraTorch's. */
package io.gatun.factory.decoders;
