// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.data.window.WindowAxis;

/** How visible the borders of windows are in a map without land. */
final class Seams {
    private Seams() {}

    /** The mean jump between neighbours across the borders of windows, over the mean jump elsewhere. */
    static double ratio(MonthlyMaps maps, WindowAxis rows, WindowAxis columns) {
        float[] map = maps.reconstruction(0);
        boolean[] rowBorders = borders(rows);
        boolean[] columnBorders = borders(columns);
        double across = 0;
        double elsewhere = 0;
        int borders = 0;
        int others = 0;
        int width = columns.extent();
        for (int cell = 0; cell < map.length; cell++) {
            for (boolean down : new boolean[] {true, false}) {
                int at = down ? cell / width : cell % width;
                if (at == 0) {
                    continue;
                }
                double jump = Math.abs(map[cell] - map[cell - (down ? width : 1)]);
                if ((down ? rowBorders : columnBorders)[at]) {
                    across += jump;
                    borders++;
                } else {
                    elsewhere += jump;
                    others++;
                }
            }
        }
        return across / borders / (elsewhere / others);
    }

    /** Cells whose lower neighbour belongs to a window that they are not in, or the other way round. */
    private static boolean[] borders(WindowAxis axis) {
        boolean[] result = new boolean[axis.extent()];
        for (int window = 0; window < axis.count(); window++) {
            int end = axis.start(window) + axis.window();
            result[axis.start(window)] = axis.start(window) > 0;
            if (end < axis.extent()) {
                result[end] = true;
            }
        }
        return result;
    }
}
