// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import io.gatun.cli.WholeFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** A picture in a file that is complete or does not change. */
final class PngFile {
    private PngFile() {}

    static void write(Path target, BufferedImage image) {
        WholeFile.write(target, "picture", () -> {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            ImageIO.write(image, "png", bytes);
            return bytes.toByteArray();
        });
    }
}
