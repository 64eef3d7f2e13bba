// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;

/**
 * A picture of maps of one region in rows of three.
 *
 * @param title in the first line
 * @param lat latitudes of the rows, in degrees north
 * @param lon longitudes of the columns, in degrees east
 * @param land which cells are land, [lat, lon]
 * @param outlined cells that get an outline in each map where they are large enough, [lat, lon]
 * @param outlinedAs what those cells are
 * @param panels from left to right, top to bottom
 */
record MapFigure(
        String title, double[] lat, double[] lon, boolean[] land, boolean[] outlined, String outlinedAs,
        List<MapPanel> panels) {
    private static final int COLUMNS = 3;
    /** Longer side of a map in pixels. */
    private static final int MAP_SIDE = 460;
    private static final int MARGIN = 16;
    private static final int HEADER = 84;
    private static final int ROW_GAP = 24;
    private static final Font TITLE_FONT = new Font(Font.SANS_SERIF, Font.BOLD, 30);

    /** Draws it. */
    BufferedImage render() {
        Fonts.require();
        MapFrame frame = new MapFrame(lat, lon, MAP_SIDE);
        int panelWidth = MapPanel.LEFT + frame.width() + MapPanel.RIGHT;
        int panelHeight = MapPanel.TOP + frame.height() + MapPanel.BOTTOM + ROW_GAP;
        int rows = (panels.size() + COLUMNS - 1) / COLUMNS;
        BufferedImage image = new BufferedImage(2 * MARGIN + Math.min(COLUMNS, panels.size()) * panelWidth,
                MARGIN + HEADER + rows * panelHeight, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        try {
            prepare(g, image);
            drawHeader(g, frame);
            for (int i = 0; i < panels.size(); i++) {
                int x = MARGIN + i % COLUMNS * panelWidth;
                int y = MARGIN + HEADER + i / COLUMNS * panelHeight;
                g.translate(x, y);
                panels.get(i).draw(g, frame, land, outlined);
                g.translate(-x, -y);
            }
        } finally {
            g.dispose();
        }
        return image;
    }

    static void prepare(Graphics2D g, BufferedImage image) {
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, image.getWidth(), image.getHeight());
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
        g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    }

    private void drawHeader(Graphics2D g, MapFrame frame) {
        g.setColor(MapPanel.INK);
        g.setFont(TITLE_FONT);
        g.drawString(title, MARGIN + MapPanel.LEFT, MARGIN + 34);
        g.setFont(MapPanel.LABEL_FONT);
        String outlines = frame.hasRoomForOutlines() ? " Outlined: " + outlinedAs + "." : "";
        g.drawString("Grey: land." + outlines, MARGIN + MapPanel.LEFT, MARGIN + 66);
    }
}
