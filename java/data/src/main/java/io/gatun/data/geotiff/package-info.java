// SPDX-License-Identifier: Apache-2.0
/**
 * Reading plain GeoTIFF: {@link io.gatun.data.geotiff.GeoTiff} reads windows of classic and BigTIFF files, tiled or in
 * strips, uncompressed, deflated or LZW-packed. Reads are positional, memory is bounded by what is asked for, and every
 * offset and count of a file is checked before it is believed.
 */
package io.gatun.data.geotiff;
