// SPDX-License-Identifier: Apache-2.0
/** Necks: what stands between a backbone and a decoder. Names, arguments and keys are TerraTorch's. */
package io.gatun.factory.necks;
