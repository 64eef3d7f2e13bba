// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import java.util.Map;
import java.util.Optional;

/**
 * An image ready for the model.
 *
 * @param pixels [C, size, size]
 * @param window the part of it that is wanted
 * @param georeference where the prepared pixels lie, if known
 * @param metadata what is to be said of how it came about
 * @param timing seconds that its steps took, by name
 */
record PreparedImage(Raster pixels, RoiWindow window, Optional<Georeference> georeference,
        Map<String, Object> metadata, Map<String, Object> timing) {}
