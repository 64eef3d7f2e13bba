// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.function.IntPredicate;

/**
 * One map with its axes and colour bar.
 *
 * @param title above the map
 * @param subtitle between title and map
 * @param values [lat, lon], NaN where there is none
 * @param scale their colours
 */
record MapPanel(String title, String subtitle, float[] values, ColorScale scale) {
    static final Color LAND = new Color(0xb9b9b9);
    static final Color INK = new Color(0x222222);
    private static final Color COAST = new Color(0x555555);
    /** Of cells that are sea and have no value. */
    private static final Color NO_VALUE = Color.WHITE;

    static final int LEFT = 84;
    static final int TOP = 72;
    static final int BOTTOM = 40;
    private static final int BAR_GAP = 18;
    private static final int BAR_WIDTH = 20;
    static final int RIGHT = BAR_GAP + BAR_WIDTH + 72;
    private static final int TICK = 7;

    static final Font TITLE_FONT = new Font(Font.SANS_SERIF, Font.BOLD, 22);
    static final Font LABEL_FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 18);

    /** Draws it; the map's upper left corner is at (LEFT, TOP) of the graphics. */
    void draw(Graphics2D g, MapFrame frame, boolean[] land, boolean[] outlined) {
        g.translate(LEFT, TOP);
        g.drawImage(cells(frame, land), 0, 0, null);
        g.setStroke(new BasicStroke(2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        if (frame.hasRoomForOutlines()) {
            g.setColor(INK);
            border(g, frame, cell -> outlined[cell]);
        }
        g.setColor(COAST);
        border(g, frame, cell -> land[cell]);
        g.setColor(INK);
        g.setStroke(new BasicStroke(1.5f));
        g.drawRect(0, 0, frame.width(), frame.height());
        g.setFont(TITLE_FONT);
        g.drawString(title, 0, -38);
        g.setFont(LABEL_FONT);
        g.drawString(subtitle, 0, -13);
        drawAxes(g, frame);
        drawBar(g, scale, values, frame.width(), frame.height());
        g.translate(-LEFT, -TOP);
    }

    private BufferedImage cells(MapFrame frame, boolean[] land) {
        BufferedImage image = new BufferedImage(frame.width(), frame.height(), BufferedImage.TYPE_INT_RGB);
        int[] columnOf = frame.columnOfPixels();
        int[] rowOf = frame.rowOfPixels();
        for (int y = 0; y < frame.height(); y++) {
            for (int x = 0; x < frame.width(); x++) {
                int cell = rowOf[y] * frame.columns() + columnOf[x];
                image.setRGB(x, y, land[cell] ? LAND.getRGB()
                        : Float.isNaN(values[cell]) ? NO_VALUE.getRGB() : scale.rgb(values[cell]));
            }
        }
        return image;
    }

    /** Lines between cells of which only one is inside. */
    private static void border(Graphics2D g, MapFrame frame, IntPredicate inside) {
        for (int row = 0; row < frame.rows(); row++) {
            for (int column = 0; column < frame.columns(); column++) {
                int cell = row * frame.columns() + column;
                double left = frame.columnEdge(column);
                double top = frame.rowEdge(row);
                if (column > 0 && inside.test(cell) != inside.test(cell - 1)) {
                    g.draw(new Line2D.Double(left, top, left, frame.rowEdge(row + 1)));
                }
                if (row > 0 && inside.test(cell) != inside.test(cell - frame.columns())) {
                    g.draw(new Line2D.Double(left, top, frame.columnEdge(column + 1), top));
                }
            }
        }
    }

    private static void drawAxes(Graphics2D g, MapFrame frame) {
        g.setFont(LABEL_FONT);
        FontMetrics font = g.getFontMetrics();
        for (double lon : frame.lonTicks()) {
            double x = frame.x(lon);
            g.draw(new Line2D.Double(x, frame.height(), x, frame.height() + TICK));
            String label = Ticks.longitude().apply(lon);
            g.drawString(label, (float) (x - font.stringWidth(label) / 2.0),
                    frame.height() + TICK + font.getAscent());
        }
        for (double lat : frame.latTicks()) {
            double y = frame.y(lat);
            g.draw(new Line2D.Double(-TICK, y, 0, y));
            String label = Ticks.latitude().apply(lat);
            g.drawString(label, -TICK - 4 - font.stringWidth(label), (float) (y + font.getAscent() * 0.38));
        }
    }

    /** The bar beside a map of so many pixels. */
    static void drawBar(Graphics2D g, ColorScale scale, float[] values, int width, int height) {
        int left = width + BAR_GAP;
        for (int y = 0; y < height; y++) {
            g.setColor(scale.map().color(1 - (y + 0.5) / height));
            g.fillRect(left, y, BAR_WIDTH, 1);
        }
        g.setColor(INK);
        g.drawRect(left, 0, BAR_WIDTH, height);
        if (scale.anyAbove(values)) {
            drawEnd(g, left, 0, -BAR_WIDTH * 0.8, scale.map().color(1));
        }
        if (scale.anyBelow(values)) {
            drawEnd(g, left, height, BAR_WIDTH * 0.8, scale.map().color(0));
        }
        g.setFont(LABEL_FONT);
        FontMetrics font = g.getFontMetrics();
        for (double tick : scale.ticks()) {
            double y = height * (1 - (tick - scale.low()) / (scale.high() - scale.low()));
            g.draw(new Line2D.Double(left + BAR_WIDTH, y, left + BAR_WIDTH + TICK, y));
            g.drawString(Ticks.label(tick), left + BAR_WIDTH + TICK + 4, (float) (y + font.getAscent() * 0.38));
        }
        g.drawString(scale.units(), left + BAR_WIDTH + TICK + 4, -13);
    }

    /** A triangle at an end of the bar: there are values beyond it. */
    private static void drawEnd(Graphics2D g, int left, int y, double reach, Color color) {
        Path2D triangle = new Path2D.Double();
        triangle.moveTo(left, y);
        triangle.lineTo(left + BAR_WIDTH / 2.0, y + reach);
        triangle.lineTo(left + BAR_WIDTH, y);
        triangle.closePath();
        g.setColor(color);
        g.fill(triangle);
        g.setColor(INK);
        g.draw(triangle);
    }
}
