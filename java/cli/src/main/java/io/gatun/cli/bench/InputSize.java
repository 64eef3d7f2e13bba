// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Extents of a forward's input.
 *
 * @param batch B
 * @param months M
 * @param days T, slots of each month
 * @param height H, rows of cells
 * @param width W, columns of cells
 */
public record InputSize(int batch, int months, int days, int height, int width) {
    private static final Pattern FORM =
            Pattern.compile("(\\d{1,6})x(\\d{1,6})x(\\d{1,6})x(\\d{1,6})x(\\d{1,6})");
    /** So that values and mask of all days fit the Java heap that the launcher gives. */
    private static final double MOST_CELLS = 1 << 26;
    private static final int[] MONTH_LENGTHS = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    /**
     * Checks the extents.
     *
     * @throws ArgumentException if one is below 1, or there are too many cells
     */
    public InputSize {
        if (Math.min(Math.min(Math.min(batch, months), Math.min(days, height)), width) < 1) {
            throw new ArgumentException("shape " + text(batch, months, days, height, width)
                    + ": expected at least 1 on each axis");
        }
        if ((double) batch * months * days * height * width > MOST_CELLS) {
            throw new ArgumentException("shape " + text(batch, months, days, height, width) + " has more than "
                    + (long) MOST_CELLS + " values; take a smaller one");
        }
    }

    /**
     * W1 to W4, or extents.
     *
     * @param text such as {@code W1} or {@code 1x12x31x64x64}
     * @return the size
     * @throws ArgumentException if the text is neither
     */
    public static InputSize parse(String text) {
        for (Workload workload : Workload.values()) {
            if (workload.name().equalsIgnoreCase(text)) {
                return workload.size();
            }
        }
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new ArgumentException("\"" + text + "\" is no shape; expected one of "
                    + Arrays.toString(Workload.values()) + ", or batch x months x days x rows x columns as"
                    + " 1x12x31x64x64");
        }
        int[] extents = new int[5];
        Arrays.setAll(extents, i -> Integer.parseInt(form.group(i + 1)));
        return new InputSize(extents[0], extents[1], extents[2], extents[3], extents[4]);
    }

    /**
     * Upstream's arguments of forward by name, with random values: 40 % of cells missing, 30 % land, months padded to
     * their slots.
     */
    public Map<String, TensorData> input(int channels) {
        RandomTensors random = new RandomTensors();
        byte[] padded = new byte[batch * months * days];
        for (int i = 0; i < padded.length; i++) {
            padded[i] = (byte) (i % days >= MONTH_LENGTHS[i / days % months % MONTH_LENGTHS.length] ? 1 : 0);
        }
        long[] video = {batch, channels, months, days, height, width};
        return Map.of(
                "daily_data", random.normal(0, 1, video),
                "daily_mask", random.flags(0.4, video),
                "land_mask_patch", random.flags(0.3, batch, height, width),
                "padded_days_mask",
                new TensorData(DType.BOOL, Shape.of(batch, months, days), MemorySegment.ofArray(padded)));
    }

    /** As {@link #parse} takes it. */
    @Override
    public String toString() {
        return text(batch, months, days, height, width);
    }

    private static String text(int batch, int months, int days, int height, int width) {
        return batch + "x" + months + "x" + days + "x" + height + "x" + width;
    }
}
