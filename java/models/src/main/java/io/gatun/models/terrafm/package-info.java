// SPDX-License-Identifier: Apache-2.0
/** TerraFM (MBZUAI), the encoder of Sentinel-1 and Sentinel-2 images, under upstream's names, arguments and weights. */
package io.gatun.models.terrafm;
