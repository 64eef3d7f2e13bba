// SPDX-License-Identifier: Apache-2.0
/** TerraMind's encoder of several modalities under TerraTorch's names, arguments and weights. */
package io.gatun.models.terramind;
