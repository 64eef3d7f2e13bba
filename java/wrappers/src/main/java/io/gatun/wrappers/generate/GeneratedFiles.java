// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

import io.gatun.core.OutputException;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import io.gatun.data.scene.TargetGrid;
import io.gatun.wrappers.generate.WindowGenerator.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A NetCDF file for each output, {@code MODALITY.nc}: all bands in one variable over [band, y, x]; of classes the most
 * probable one, and how probable it is. Files are there as a whole or not at all. Gatun reads them as scenes.
 */
public final class GeneratedFiles implements GeneratedRows, AutoCloseable {
    private static final float FILL = 9.96921e36f; // NC_FILL_FLOAT
    private static final byte NO_CLASS = -1;

    private final Path folder;
    private final boolean own;
    private final TargetGrid pixels;
    private final Map<String, OpenFile> files = new LinkedHashMap<>();

    /** A file and where its values go; of classes, labels are there too. */
    private record OpenFile(
            NetcdfWriter file, NetcdfWriter.Variable values, Optional<NetcdfWriter.Variable> labels) {}

    private GeneratedFiles(Path folder, boolean own, TargetGrid pixels) {
        this.folder = folder;
        this.own = own;
        this.pixels = pixels;
    }

    /**
     * Begins the files.
     *
     * @param folder where they go; it is made where it is absent
     * @param outputs what they hold
     * @param pixels where the values lie
     * @param history of the files
     * @return open files; its caller closes them
     * @throws OutputException if the folder cannot be made or written to
     */
    public static GeneratedFiles create(Path folder, List<Output> outputs, TargetGrid pixels, String history) {
        boolean own = !Files.exists(folder);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new OutputException(folder + ": the folder cannot be made (" + e + "). Choose another place.", e);
        }
        GeneratedFiles files = new GeneratedFiles(folder, own, pixels);
        try {
            outputs.forEach(output -> files.begin(output, history));
            return files;
        } catch (RuntimeException | Error e) {
            files.close();
            throw e;
        }
    }

    /**
     * The file of an output.
     *
     * @param folder of the files
     * @param output its modality
     * @return the path
     */
    public static Path path(Path folder, String output) {
        return folder.resolve(output + ".nc");
    }

    private void begin(Output output, String history) {
        NetcdfWriter file = NetcdfWriter.create(path(folder, output.name()));
        try {
            file.dimension("y", pixels.height());
            file.dimension("x", pixels.width());
            file.attribute("Conventions", AttributeValue.of("CF-1.8"));
            file.attribute("title", AttributeValue.of("generated " + output.name()));
            file.attribute("history", AttributeValue.of(history));
            OpenFile open = output.classes() ? classes(file, output) : values(file, output);
            pixels.declare(file).run();
            files.put(output.name(), open);
        } catch (RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private static OpenFile values(NetcdfWriter file, Output output) {
        file.dimension("band", output.bands().size());
        Map<String, AttributeValue> attributes = floats("generated " + output.name());
        if (!output.units().isEmpty()) {
            attributes.put("units", AttributeValue.of(output.units()));
        }
        attributes.put("band_names", AttributeValue.of(String.join(" ", output.bands())));
        return new OpenFile(file, file.variable(
                output.name(), NetcdfType.FLOAT, List.of("band", "y", "x"), attributes), Optional.empty());
    }

    private static OpenFile classes(NetcdfWriter file, Output output) {
        Map<String, AttributeValue> attributes = new LinkedHashMap<>();
        attributes.put("long_name", AttributeValue.of("most probable class"));
        attributes.put("flag_values", AttributeValue.of(
                NetcdfType.BYTE, IntStream.range(0, output.bands().size()).asLongStream().toArray()));
        attributes.put("flag_meanings", AttributeValue.of(String.join(" ", output.bands())));
        attributes.put("grid_mapping", AttributeValue.of("crs"));
        attributes.put("_FillValue", AttributeValue.of(NetcdfType.BYTE, NO_CLASS));
        NetcdfWriter.Variable labels =
                file.variable(output.name(), NetcdfType.BYTE, List.of("y", "x"), attributes);
        return new OpenFile(file, file.variable("probability", NetcdfType.FLOAT, List.of("y", "x"),
                floats("probability of the most probable class")), Optional.of(labels));
    }

    private static Map<String, AttributeValue> floats(String longName) {
        Map<String, AttributeValue> attributes = new LinkedHashMap<>();
        attributes.put("long_name", AttributeValue.of(longName));
        attributes.put("grid_mapping", AttributeValue.of("crs"));
        attributes.put("_FillValue", AttributeValue.of(FILL));
        return attributes;
    }

    @Override
    public void accept(Output output, int firstRow, int rows, float[] values) {
        OpenFile file = files.get(output.name());
        int plane = rows * pixels.width();
        long first = (long) firstRow * pixels.width();
        if (output.classes()) {
            byte[] labels = labels(values, plane);
            file.labels().orElseThrow().write(first, labels);
            file.values().write(first, filled(probabilities(values, labels)));
            return;
        }
        for (int band = 0; band < output.bands().size(); band++) {
            file.values().write(band * (long) pixels.height() * pixels.width() + first,
                    filled(Arrays.copyOfRange(values, band * plane, (band + 1) * plane)));
        }
    }

    /**
     * The most probable class of each pixel.
     *
     * @param probabilities [classes, pixels], NaN where there are none
     * @param pixels how many
     * @return [pixels]; of equal ones the first, and -1 where there are none
     */
    public static byte[] labels(float[] probabilities, int pixels) {
        byte[] labels = new byte[pixels];
        for (int i = 0; i < pixels; i++) {
            for (int at = i + pixels; at < probabilities.length; at += pixels) {
                if (probabilities[at] > probabilities[labels[i] * pixels + i]) {
                    labels[i] = (byte) (at / pixels);
                }
            }
            if (Float.isNaN(probabilities[i])) {
                labels[i] = NO_CLASS;
            }
        }
        return labels;
    }

    private static float[] probabilities(float[] all, byte[] labels) {
        float[] result = new float[labels.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = labels[i] < 0 ? Float.NaN : all[labels[i] * labels.length + i];
        }
        return result;
    }

    private static float[] filled(float[] values) {
        for (int i = 0; i < values.length; i++) {
            if (Float.isNaN(values[i])) {
                values[i] = FILL;
            }
        }
        return values;
    }

    /**
     * Completes all files and moves them into place.
     *
     * @throws OutputException if one cannot be written
     */
    public void commit() {
        files.values().forEach(open -> open.file().commit());
    }

    /** Ends writing. Without an earlier {@link #commit()} nothing is left, not even the folder if it was made. */
    @Override
    public void close() {
        files.values().forEach(open -> open.file().close());
        if (own) {
            try (Stream<Path> left = Files.list(folder)) {
                if (left.findAny().isEmpty()) {
                    Files.delete(folder);
                }
            } catch (IOException e) {
                throw new OutputException(folder + ": the empty folder cannot be removed (" + e + ")", e);
            }
        }
    }
}
