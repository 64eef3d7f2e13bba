// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * Modes of {@code torch.nn.functional.interpolate}, without antialiasing. The order is the numbering of
 * {@code gatun_resize_mode}.
 */
public enum ResizeMode {
    /** The pixel at {@code floor(i * in / out)}. */
    NEAREST,
    /** Of the two nearest pixels in each axis. */
    BILINEAR,
    /** Of the four nearest pixels in each axis, {@code a = -0.75}. */
    BICUBIC,
    /** Adaptive average pooling. */
    AREA
}
