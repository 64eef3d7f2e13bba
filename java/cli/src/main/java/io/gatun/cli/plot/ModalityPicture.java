// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import io.gatun.core.OutputException;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The modalities of one scene beside each other: what was given, then what was generated. */
public final class ModalityPicture {
    private static final int COLUMNS = 4;
    /** Pixels of a panel's longer side, at least. */
    private static final int SIDE = 400;
    private static final int MARGIN = 24;
    private static final int HEADER = 64;
    private static final int TOP = 72;
    private static final int BOTTOM = 28;
    private static final int BAR = 110;
    private static final int LEGEND = 210;
    private static final int SWATCH = 18;
    private static final int LINE = 28;
    private static final Font TITLE_FONT = new Font(Font.SANS_SERIF, Font.BOLD, 28);

    private ModalityPicture() {}

    /**
     * Draws it.
     *
     * @param title in the first line
     * @param layers in order, all of the same pixels
     * @param height rows of pixels
     * @param width columns of pixels
     * @return the picture
     * @throws OutputException if this machine has no font
     */
    public static BufferedImage draw(String title, List<ModalityLayer> layers, int height, int width) {
        Fonts.require();
        int zoom = Math.max(1, Math.ceilDiv(SIDE, Math.max(height, width)));
        int right = layers.stream().anyMatch(ModalityLayer::classes) ? LEGEND : BAR;
        int columns = Math.min(COLUMNS, layers.size());
        int panelWidth = width * zoom + right + MARGIN;
        int lines = layers.stream().filter(ModalityLayer::classes).mapToInt(layer -> layer.bands().size()).max()
                .orElse(0);
        int panelHeight = TOP + Math.max(height * zoom, lines * LINE) + BOTTOM;
        BufferedImage image = new BufferedImage(MARGIN + columns * panelWidth,
                HEADER + Math.ceilDiv(layers.size(), columns) * panelHeight, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        try {
            MapFigure.prepare(g, image);
            g.setColor(MapPanel.INK);
            g.setFont(TITLE_FONT);
            g.drawString(title, MARGIN, MARGIN + 20);
            for (int i = 0; i < layers.size(); i++) {
                int x = MARGIN + i % columns * panelWidth;
                int y = HEADER + i / columns * panelHeight + TOP;
                g.translate(x, y);
                panel(g, layers.get(i), height, width, zoom);
                g.translate(-x, -y);
            }
        } finally {
            g.dispose();
        }
        return image;
    }

    private static void panel(Graphics2D g, ModalityLayer layer, int height, int width, int zoom) {
        int[] colours = layer.colours(height * width);
        BufferedImage cells = new BufferedImage(width * zoom, height * zoom, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < cells.getHeight(); y++) {
            for (int x = 0; x < cells.getWidth(); x++) {
                cells.setRGB(x, y, colours[y / zoom * width + x / zoom]);
            }
        }
        g.drawImage(cells, 0, 0, null);
        g.setColor(MapPanel.INK);
        g.drawRect(0, 0, cells.getWidth(), cells.getHeight());
        g.setFont(MapPanel.TITLE_FONT);
        g.drawString(layer.modality(), 0, -36);
        g.setFont(MapPanel.LABEL_FONT);
        g.drawString(layer.subtitle(), 0, -12);
        Optional<ColorScale> scale = layer.scale();
        scale.ifPresent(bar -> MapPanel.drawBar(g, bar, layer.values(), cells.getWidth(), cells.getHeight()));
        if (layer.classes()) {
            legend(g, layer, cells.getWidth() + MARGIN);
        }
    }

    private static void legend(Graphics2D g, ModalityLayer layer, int left) {
        List<String> names = layer.bands();
        g.setFont(MapPanel.LABEL_FONT);
        for (int label = 0; label < names.size(); label++) {
            g.setColor(new Color(layer.colour(label)));
            g.fillRect(left, label * LINE, SWATCH, SWATCH);
            g.setColor(MapPanel.INK);
            g.drawRect(left, label * LINE, SWATCH, SWATCH);
            g.drawString(names.get(label).replace('_', ' '), left + SWATCH + 8, label * LINE + SWATCH - 3);
        }
    }

    /**
     * Draws it and writes it as PNG, beside the target first.
     *
     * @param target replaced when the file is complete
     * @param title in the first line
     * @param layers in order, all of the same pixels
     * @param height rows of pixels
     * @param width columns of pixels
     * @throws OutputException if it cannot be written; nothing changes under the target's name then
     */
    public static void write(Path target, String title, List<ModalityLayer> layers, int height, int width) {
        PngFile.write(target, draw(title, layers, height, width));
    }
}
