// SPDX-License-Identifier: Apache-2.0
/** Heads: the last layers of a model. Names, arguments and keys are TerraTorch's. */
package io.gatun.factory.heads;
