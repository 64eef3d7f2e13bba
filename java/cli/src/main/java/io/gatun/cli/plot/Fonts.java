// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import io.gatun.core.OutputException;
import java.awt.Font;
import java.awt.font.FontRenderContext;

/** What pictures are lettered with. */
public final class Fonts {
    private Fonts() {}

    /**
     * Checks that this machine can draw text.
     *
     * @throws OutputException if it has no font
     */
    public static void require() {
        try {
            new Font(Font.SANS_SERIF, Font.BOLD, 30).createGlyphVector(new FontRenderContext(null, true, true), "A");
        } catch (RuntimeException | Error e) {
            // The JDK throws various internal errors where it finds no font.
            throw new OutputException("the picture cannot be drawn, as this machine has no usable font (" + e
                    + "). Install one (Debian, Ubuntu: packages fontconfig and fonts-dejavu-core), or leave the "
                    + "picture out.", e);
        }
    }
}
