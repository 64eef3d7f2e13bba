// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

/**
 * Size of an image.
 *
 * @param height rows in pixels
 * @param width columns in pixels
 */
public record ImageSize(long height, long width) {
    @Override
    public String toString() {
        return height + " x " + width;
    }
}
