// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

import io.gatun.data.scene.SceneRaster;

/**
 * A modality of a scene.
 *
 * @param modality its name, as the generator knows it
 * @param raster its pixels; the caller closes them
 * @param classes whether its values are numbers of classes, which are not interpolated
 */
public record SceneInput(String modality, SceneRaster raster, boolean classes) {}
