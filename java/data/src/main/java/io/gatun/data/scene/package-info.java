// SPDX-License-Identifier: Apache-2.0
/**
 * Scenes on disk: {@link io.gatun.data.scene.SceneFolder} cuts a region out of the GeoTIFF and NetCDF files of a folder
 * and composes their dates to one image.
 */
package io.gatun.data.scene;
