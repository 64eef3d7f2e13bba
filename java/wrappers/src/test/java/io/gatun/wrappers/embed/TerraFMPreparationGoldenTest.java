// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.TensorData;
import io.gatun.data.GoldenCase;
import io.gatun.wrappers.embed.OutputSpec.Pooling;
import io.gatun.wrappers.embed.SpatialSpec.BoundingBox;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The cases of the golden family {@code terrafm} that prepare images and regions, to 1e-6. */
class TerraFMPreparationGoldenTest {
    private static final double EXACT = 1e-6;

    @TestFactory
    Stream<DynamicTest> images() throws IOException {
        return GoldenCase.family("terrafm", golden -> golden.toString().startsWith("terrafm/prep_"), golden -> {
            Raster raw = raster(golden.tensor("input/x"));
            if (golden.has("expected/normalised")) {
                boolean whole = golden.has("expected/y");
                check(golden, "expected/normalised", TerraFMPreparation.normalisedS1(
                        whole ? TerraFMPreparation.withoutMissing(raw) : raw));
            }
            if (golden.has("expected/y")) {
                Modality modality = golden.forward().get("modality").equals("s1") ? Modality.S1 : Modality.S2;
                int size = ((Number) golden.forward().get("image_size")).intValue();
                check(golden, "expected/y", TerraFMPreparation.prepared(raw, modality, size));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> regions() throws IOException {
        return GoldenCase.family("terrafm", golden -> golden.toString().startsWith("terrafm/roi_"), golden -> {
            List<Double> box = numbers(golden, "bbox");
            SquareRegion square =
                    SquareRegion.of(new BoundingBox(box.get(0), box.get(1), box.get(2), box.get(3)));
            BoundingBox bounds = square.region().bounds();
            List<Double> expected = numbers(golden, "square");
            List<Double> found = List.of(bounds.minLon(), bounds.minLat(), bounds.maxLon(), bounds.maxLat());
            for (int i = 0; i < 4; i++) {
                assertEquals(expected.get(i), found.get(i), 1e-9);
            }
            RoiWindow window = square.window();
            assertEquals(numbers(golden, "roi_window"), List.of(window.y0(), window.y1(), window.x0(), window.x1()));
            Raster grid = raster(golden.tensor("input/grid"));
            assertEquals(numbers(golden, "token_box"), window.cells(grid.height(), grid.width()).stream()
                    .map(Integer::doubleValue).toList());
            Raster cropped = window.cropped(grid);
            check(golden, "expected/cropped", cropped);
            if (!window.isFull()) {
                pooled(golden, "expected/mean", RoiWindow.pooled(cropped, Pooling.MEAN));
                pooled(golden, "expected/max", RoiWindow.pooled(cropped, Pooling.MAX));
            }
        });
    }

    private static List<Double> numbers(GoldenCase golden, String key) {
        return ((List<?>) golden.described(key)).stream().map(each -> ((Number) each).doubleValue()).toList();
    }

    private static Raster raster(TensorData tensor) {
        return new Raster(tensor.shape(), values(tensor));
    }

    private static float[] values(TensorData tensor) {
        float[] values = new float[(int) tensor.shape().numElements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = tensor.bytes().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
        }
        return values;
    }

    private static void check(GoldenCase golden, String key, Raster actual) {
        assertEquals(golden.tensor(key).shape(), actual.shape(), key);
        pooled(golden, key, actual.values());
    }

    private static void pooled(GoldenCase golden, String key, float[] actual) {
        float[] expected = values(golden.tensor(key));
        assertEquals(expected.length, actual.length, key);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], EXACT, golden + " " + key + " at " + i);
        }
    }
}
