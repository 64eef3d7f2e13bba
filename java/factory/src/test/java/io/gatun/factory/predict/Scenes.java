// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.predict;

import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import io.gatun.data.safetensors.SafetensorsFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Small scenes as files. */
final class Scenes {
    static final float FILL = -9999;

    private Scenes() {}

    static float[] random(int seed, int count) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextDouble(0, 100);
        }
        return values;
    }

    /** A variable {@code image} over [band, y, x] or [time, band, y, x], with coordinates and a grid mapping. */
    static Path stacked(Path file, float[] values, int... extents) {
        try (NetcdfWriter writer = NetcdfWriter.create(file)) {
            List<String> names = extents.length == 3 ? List.of("band", "lat", "lon")
                    : List.of("time", "band", "lat", "lon");
            for (int axis = 0; axis < extents.length; axis++) {
                writer.dimension(names.get(axis), extents[axis]);
            }
            Runnable frame = frame(writer, extents[extents.length - 2], extents[extents.length - 1]);
            NetcdfWriter.Variable image = writer.variable("image", NetcdfType.FLOAT, names, attributes());
            frame.run();
            image.write(values);
            writer.commit();
        }
        return file;
    }

    /** A variable over [y, x] for each band. */
    static Path separate(Path file, List<String> bands, float[] values, int height, int width) {
        try (NetcdfWriter writer = NetcdfWriter.create(file)) {
            writer.dimension("lat", height);
            writer.dimension("lon", width);
            Runnable frame = frame(writer, height, width);
            List<NetcdfWriter.Variable> variables = new ArrayList<>();
            bands.forEach(band -> variables.add(
                    writer.variable(band, NetcdfType.FLOAT, List.of("lat", "lon"), attributes())));
            frame.run();
            for (int band = 0; band < bands.size(); band++) {
                variables.get(band).write(
                        Arrays.copyOfRange(values, band * height * width, (band + 1) * height * width));
            }
            writer.commit();
        }
        return file;
    }

    static Path tensor(Path file, float[] values, long... shape) {
        TensorData tensor = new TensorData(DType.F32, Shape.of(shape), MemorySegment.ofArray(values));
        SafetensorsFile.write(file, Map.of("x", tensor), Map.of());
        return file;
    }

    private static Map<String, AttributeValue> attributes() {
        return Map.of("_FillValue", AttributeValue.of(FILL), "grid_mapping", AttributeValue.of("crs"));
    }

    private static Runnable frame(NetcdfWriter writer, int height, int width) {
        NetcdfWriter.Variable lat = writer.variable("lat", NetcdfType.DOUBLE, List.of("lat"),
                Map.of("units", AttributeValue.of("degrees_north")));
        NetcdfWriter.Variable lon = writer.variable("lon", NetcdfType.FLOAT, List.of("lon"), Map.of());
        NetcdfWriter.Variable crs = writer.variable("crs", NetcdfType.INT, List.of(),
                Map.of("grid_mapping_name", AttributeValue.of("latitude_longitude")));
        return () -> {
            double[] rows = new double[height];
            float[] columns = new float[width];
            for (int i = 0; i < height; i++) {
                rows[i] = 50 - i * 0.1;
            }
            for (int i = 0; i < width; i++) {
                columns[i] = 10 + i * 0.5f;
            }
            lat.write(rows);
            lon.write(columns);
            crs.write(new int[] {0});
        };
    }
}
