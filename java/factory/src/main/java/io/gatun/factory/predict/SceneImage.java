// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.predict;

import java.util.OptionalInt;

/** The image of one modality of a scene, read band by band. */
interface SceneImage {
    /** File and variable, for messages. */
    @Override
    String toString();

    /** Number of bands: those that the file has. */
    int bands();

    /** Number of dates; empty if there is no axis of dates. */
    OptionalInt dates();

    int height();

    int width();

    /** One band of one date, row-major, NaN where the file has no value. */
    float[] plane(int band, int date);
}
