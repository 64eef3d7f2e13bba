// SPDX-License-Identifier: Apache-2.0
/** Prithvi-EO, the encoder of NASA's and IBM's masked autoencoder, under TerraTorch's names, arguments and weights. */
package io.gatun.models.prithvi;
