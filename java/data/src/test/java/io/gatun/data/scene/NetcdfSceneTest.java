// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DataException;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import io.gatun.data.scene.SceneQuery.Box;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NetcdfSceneTest {
    private static final int SIDE = 40;
    private static final double PIXEL = 1e-3;
    private static final Box REGION = new Box(20.01, 50.01, 20.02, 50.02);

    @TempDir
    private Path folder;

    private static SceneQuery query(Composite composite, String... bands) {
        return new SceneQuery(REGION, LocalDate.of(2022, 6, 1), LocalDate.of(2022, 9, 1), List.of(bands), 111.3, 30,
                composite, Optional.empty(), Optional.empty());
    }

    /** Two dates, 2022-06-01 and 2022-06-11, of bands B2 and B3 with the values 1, 2 and 11, 12. */
    private Path write(boolean bandAxis, boolean clouds, double bend) {
        Path path = folder.resolve("scenes.nc");
        try (NetcdfWriter writer = NetcdfWriter.create(path)) {
            writer.dimension("time", 2);
            writer.dimension("band", 2);
            writer.dimension("lat", SIDE);
            writer.dimension("lon", SIDE);
            NetcdfWriter.Variable time = writer.variable("time", NetcdfType.INT, List.of("time"),
                    Map.of("units", AttributeValue.of("days since 2022-06-01")));
            NetcdfWriter.Variable lat = writer.variable("lat", NetcdfType.DOUBLE, List.of("lat"),
                    Map.of("units", AttributeValue.of("degrees_north")));
            NetcdfWriter.Variable lon = writer.variable("lon", NetcdfType.DOUBLE, List.of("lon"),
                    Map.of("units", AttributeValue.of("degrees_east")));
            NetcdfWriter.Variable cloud = writer.variable("cloud_percent", NetcdfType.FLOAT, List.of("time"), Map.of());
            List<NetcdfWriter.Variable> images = bandAxis
                    ? List.of(writer.variable("image", NetcdfType.FLOAT, List.of("time", "band", "lat", "lon"),
                            Map.of("band_names", AttributeValue.of("B02, B03"))))
                    : List.of(writer.variable("B2", NetcdfType.FLOAT, List.of("time", "lat", "lon"), Map.of()),
                            writer.variable("B3", NetcdfType.FLOAT, List.of("time", "lat", "lon"), Map.of()));
            time.write(new int[] {0, 10});
            lat.write(axis(50.04 - PIXEL / 2, -PIXEL, bend));
            lon.write(axis(20 + PIXEL / 2, PIXEL, 0));
            cloud.write(clouds ? new float[] {5, 95} : new float[] {5, 5});
            for (int date = 0; date < 2; date++) {
                for (int band = 0; band < 2; band++) {
                    float[] values = new float[SIDE * SIDE];
                    Arrays.fill(values, date * 10 + band + 1);
                    images.get(bandAxis ? 0 : band).write(
                            bandAxis ? (date * 2L + band) * values.length : (long) date * values.length, values);
                }
            }
            writer.commit();
        }
        return path;
    }

    private static double[] axis(double first, double step, double bend) {
        double[] values = new double[SIDE];
        for (int i = 0; i < SIDE; i++) {
            values[i] = first + step * (i + bend * i * i);
        }
        return values;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void stepsOfTimeAreScenes(boolean bandAxis) {
        SceneFolder scenes = SceneFolder.open(write(bandAxis, false, 0));
        assertEquals(List.of("scenes.nc of 2022-06-01", "scenes.nc of 2022-06-11"), scenes.names());
        SceneComposite median = scenes.fetch(query(Composite.MEDIAN, "B3", "B2"));
        assertEquals(7, median.values()[0]);
        assertEquals(6, median.values()[median.values().length - 1]);
        assertEquals(12, scenes.fetch(query(Composite.MOSAIC, "B3", "B2")).values()[0]);
        assertEquals(4326, median.crs().epsg());
        assertTrue(median.shape().dim(1) >= 10 && median.shape().dim(2) >= 6, median.shape()::toString);
    }

    @Test
    void cloudsAreKnownByStep() {
        SceneComposite result = SceneFolder.open(write(false, true, 0)).fetch(query(Composite.MOSAIC, "B2"));
        assertEquals(List.of("scenes.nc of 2022-06-01"), result.scenes());
        assertEquals(0, result.cloudUnknown());
        assertEquals(1, result.values()[0]);
    }

    @Test
    void unevenCoordinatesAreRefused() {
        SceneFolder scenes = SceneFolder.open(write(false, false, 0.01));
        DataException e = assertThrows(DataException.class, () -> scenes.fetch(query(Composite.MEDIAN, "B2")));
        assertTrue(e.getMessage().contains("not evenly spaced"), e::getMessage);
    }
}
