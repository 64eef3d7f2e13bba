// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.core.InterruptedRunException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * A GeoTIFF file that is read in windows: its first image, overviews and further pages are left alone.
 *
 * <p>Read are classic and BigTIFF of both byte orders; strips and tiles; bands together or apart; no compression,
 * deflate and LZW; predictors 1 to 3; the types of {@link SampleType}. All else is refused by name. Methods may be
 * called from any thread.
 *
 * {@snippet :
 * try (GeoTiff file = GeoTiff.open(Path.of("scene.tif"))) {
 *     float[] corner = file.read(new int[] {0, 1, 2}, new PixelWindow(0, 0, 256, 256)); // [3, 256, 256]
 * }
 * }
 */
public final class GeoTiff implements AutoCloseable {
    private final TiffSource source;
    private final TiffLayout layout;
    private final BlockReader blocks;
    private final GeoKeys keys;
    private final GdalMetadata metadata;
    private final NoData noData;

    private GeoTiff(TiffSource source) {
        this.source = source;
        TiffDirectory tags = TiffDirectory.read(source);
        layout = TiffLayout.of(source, tags);
        blocks = new BlockReader(source, tags, layout);
        keys = GeoKeys.of(source, tags);
        metadata = GdalMetadata.of(source, tags);
        noData = NoData.of(source, tags, layout.type());
    }

    /**
     * Opens a file and reads its tags.
     *
     * @param path the file
     * @return the open file
     * @throws DataException if it is missing, not readable, no TIFF, damaged, or of a form that is not read
     * @throws InterruptedRunException if the thread is interrupted
     */
    public static GeoTiff open(Path path) {
        TiffSource source = TiffSource.open(path);
        try {
            return new GeoTiff(source);
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
    }

    /**
     * The file.
     *
     * @return its path as it was opened
     */
    public Path path() {
        return source.path();
    }

    /**
     * Number of columns.
     *
     * @return pixels
     */
    public int width() {
        return layout.width();
    }

    /**
     * Number of rows.
     *
     * @return pixels
     */
    public int height() {
        return layout.height();
    }

    /**
     * Number of bands.
     *
     * @return 1 or more
     */
    public int bands() {
        return layout.bands();
    }

    /**
     * What is stored for each pixel and band.
     *
     * @return the type
     */
    public SampleType type() {
        return layout.type();
    }

    /**
     * Names of the bands, from GDAL's band descriptions.
     *
     * @return one for each band, empty where a band has none
     */
    public List<String> bandNames() {
        return IntStream.range(0, bands()).mapToObj(band -> metadata.bandNames().getOrDefault(band, "")).toList();
    }

    /**
     * GDAL's metadata of the whole image.
     *
     * @return values by name, unmodifiable
     */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata.items());
    }

    /**
     * The value that stands for none, from GDAL's tag.
     *
     * @return it, or empty where each value counts
     */
    public OptionalDouble noData() {
        return noData.value();
    }

    /**
     * Where the pixels lie.
     *
     * @return the transform into the coordinates of {@link #epsg()}; empty where the file does not say, or gives only
     *     ground control points
     */
    public Optional<GeoTransform> transform() {
        return keys.transform();
    }

    /**
     * The reference system.
     *
     * @return its EPSG code; empty where the file has none or one of its own
     */
    public OptionalInt epsg() {
        return keys.epsg();
    }

    /**
     * Reads a window of some bands. Only the blocks it touches are read.
     *
     * @param bands indices from 0, in the order wanted
     * @param window within the image
     * @return values rounded to float, [bands, rows, columns]; NaN where there is none
     * @throws ArgumentException if a band is not there or the window leaves the image
     * @throws DataException if a block is damaged, or the window is larger than memory
     * @throws InterruptedRunException if the thread is interrupted
     */
    public float[] read(int[] bands, PixelWindow window) {
        for (int band : bands) {
            if (band < 0 || band >= bands()) {
                throw new ArgumentException(path() + ": has no band " + band + "; its bands are 0 to " + (bands() - 1));
            }
        }
        if (window.row() > height() - window.rows() || window.column() > width() - window.columns()) {
            throw new ArgumentException(path() + ": " + window + " leaves the image of " + height() + " rows and "
                    + width() + " columns. Ask for a part of it.");
        }
        try {
            float[] result = new float[Math.toIntExact((long) bands.length * window.rows() * window.columns())];
            if (layout.planes() == 1) {
                read(0, bands, window, result, 0);
            } else {
                for (int i = 0; i < bands.length; i++) {
                    read(bands[i], new int[1], window, result, i * window.rows() * window.columns());
                }
            }
            return result;
        } catch (OutOfMemoryError | ArithmeticException e) {
            throw new DataException(path() + ": " + window + " of " + bands.length
                    + " bands does not fit into memory. Read a smaller window, or raise the heap with -Xmx.", e);
        }
    }

    /** Bands {@code samples} of the blocks of a plane, into [samples, rows, columns] from an element on. */
    private void read(int plane, int[] samples, PixelWindow window, float[] target, int targetAt) {
        int lastDown = (window.row() + window.rows() - 1) / layout.blockHeight();
        int lastAcross = (window.column() + window.columns() - 1) / layout.blockWidth();
        for (int down = window.row() / layout.blockHeight(); down <= lastDown; down++) {
            int top = down * layout.blockHeight();
            int from = Math.max(window.row() - top, 0);
            int to = (int) Math.min((long) window.row() + window.rows() - top, layout.blockHeight());
            for (int across = window.column() / layout.blockWidth(); across <= lastAcross; across++) {
                WindowPart part = new WindowPart(
                        layout, noData, samples, window, target, targetAt, top, across * layout.blockWidth());
                long block = layout.block(plane, down, across);
                if (!blocks.read(block, layout.storedRows(down), from, to, (bytes, first, count) ->
                        part.copy(bytes, first, Math.max(first, from), Math.min(first + count, to)))) {
                    part.fill(from, to);
                }
            }
        }
    }

    @Override
    public void close() {
        source.close();
    }
}
