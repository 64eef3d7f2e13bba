// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.core.Device;
import io.gatun.core.DeviceMemoryException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.data.TiffFixture;
import io.gatun.data.scene.SceneRaster;
import io.gatun.data.window.WindowAxis;
import io.gatun.wrappers.generate.WindowGenerator.Output;
import io.gatun.wrappers.reconstruct.ProgressListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Windows of scenes with generators whose results are known. */
class SceneGenerationTest {
    private static final int HEIGHT = 70;
    private static final int WIDTH = 90;
    private static final SceneGeneration.Options CUT = new SceneGeneration.Options(32, 8, 3);

    @TempDir
    private Path folder;

    private final List<SceneRaster> open = new ArrayList<>();

    @AfterEach
    void close() {
        open.forEach(SceneRaster::close);
    }

    private SceneInput scene(String modality, int height, int width, List<String> bands, TiffFixture.Pixels pixels) {
        Path path = folder.resolve(modality + ".tif");
        new TiffFixture(width, height, bands.size()).type(3, 32).north(32651, 300_000, 3_500_000, 10)
                .describe(bands, Map.of()).write(path, pixels);
        SceneRaster raster = SceneRaster.open(path, bands);
        open.add(raster);
        return new SceneInput(modality, raster, false);
    }

    private static double smooth(int row, int column) {
        return 100 + 20 * Math.sin(row / 9.0) + 15 * Math.cos(column / 7.0);
    }

    private SceneInput smoothScene() {
        return scene("DEM", HEIGHT, WIDTH, List.of("DEM"), (b, r, c) -> smooth(r, c));
    }

    /** Collects whole outputs by name. */
    private static Map<String, float[]> run(
            List<SceneInput> inputs, WindowGenerator generator, SceneGeneration.Options cut) {
        int height = inputs.getFirst().raster().pixels().height();
        int width = inputs.getFirst().raster().pixels().width();
        Map<String, float[]> results = new LinkedHashMap<>();
        SceneGeneration.run(inputs, generator, Device.cpu(), cut, (output, first, rows, values) -> {
            float[] all = results.computeIfAbsent(
                    output.name(), _ -> new float[output.bands().size() * height * width]);
            for (int band = 0; band < output.bands().size(); band++) {
                System.arraycopy(values, band * rows * width, all, (band * height + first) * width, rows * width);
            }
        }, ProgressListener.none());
        return results;
    }

    /** What becomes of a window's image, which has the window's number. */
    private interface Change {
        float at(long window, int pixel, float value);
    }

    private static final class Fake implements WindowGenerator {
        private final Change change;
        private final List<Long> numbers = new ArrayList<>();
        private final List<Set<String>> modalities = new ArrayList<>();

        Fake(Change change) {
            this.change = change;
        }

        @Override
        public List<Output> outputs() {
            return List.of(new Output("DEM", List.of("DEM"), "m", false));
        }

        @Override
        public Map<String, Tensor> generate(Scope scope, SequencedMap<String, Tensor> inputs, long firstWindow) {
            Tensor first = inputs.firstEntry().getValue();
            float[] values = first.toFloatArray();
            int size = values.length / (int) first.dim(0);
            float[] result = new float[(int) first.dim(0) * 32 * 32];
            for (int i = 0; i < result.length; i++) {
                int image = i / (32 * 32);
                result[i] = change.at(firstWindow + image, i % (32 * 32), values[image * size + i % (32 * 32)]);
            }
            for (long image = 0; image < first.dim(0); image++) {
                numbers.add(firstWindow + image);
                modalities.add(new TreeSet<>(inputs.keySet()));
            }
            return Map.of("DEM", scope.of(result, first.dim(0), 1, 32, 32));
        }
    }

    @Test
    void windowsThatGiveTheirInputGiveTheScene() {
        float[] result = run(List.of(smoothScene()), new Fake((_, _, value) -> value), CUT).get("DEM");
        for (int i = 0; i < result.length; i++) {
            assertEquals(smooth(i / WIDTH, i % WIDTH), result[i], 1e-4);
        }
    }

    /** A scene below the size of a window is mirrored at its edges. */
    @Test
    void smallScenesAreMirrored() {
        SceneInput small = scene("DEM", 20, 12, List.of("DEM"), (b, r, c) -> smooth(r, c));
        Fake fake = new Fake((_, _, value) -> value);
        float[] result = run(List.of(small), fake, CUT).get("DEM");
        assertEquals(20 * 12, result.length);
        assertEquals(smooth(19, 11), result[result.length - 1], 1e-4);
        assertEquals(List.of(0L), fake.numbers);
        Fake shifted = new Fake((_, pixel, _) -> pixel % 32 >= 12 ? 1 : 0);
        assertEquals(0, run(List.of(small), shifted, CUT).get("DEM")[11]);
    }

    /** Each window is off by up to 4, about ten times the scene's own steps; without overlap that shows. */
    @Test
    void bordersOfWindowsDoNotShowWhereTheyOverlap() {
        Change off = (window, _, value) -> value + 4 * (float) Math.sin(3.7 * window);
        SceneInput scene = scene("DEM", 288, 288, List.of("DEM"), (b, r, c) -> smooth(r, c));
        double blended = seams(List.of(scene), off, new SceneGeneration.Options(32, 16, 8));
        double plain = seams(List.of(scene), off, new SceneGeneration.Options(32, 0, 8));
        assertTrue(blended < 1.5, "jumps at borders are " + blended + " times those elsewhere");
        assertTrue(plain > 2.5, "without overlap they would be only " + plain + " times");
    }

    private static double seams(List<SceneInput> inputs, Change change, SceneGeneration.Options cut) {
        float[] map = run(inputs, new Fake(change), cut).get("DEM");
        boolean[] border = new boolean[288];
        WindowAxis axis = new WindowAxis(288, cut.window(), cut.overlap(), false);
        for (int window = 1; window < axis.count(); window++) {
            border[axis.start(window)] = true;
            border[axis.start(window - 1) + axis.window()] = true;
        }
        double[] sums = new double[2];
        int[] counts = new int[2];
        for (int i = 0; i < map.length; i++) {
            if (i % 288 > 0) {
                int kind = border[i % 288] ? 1 : 0;
                sums[kind] += Math.abs(map[i] - map[i - 1]);
                counts[kind]++;
            }
        }
        return sums[1] / counts[1] / (sums[0] / counts[0]);
    }

    @Test
    void batchesHaveNoEffect() {
        Change change = (window, pixel, value) -> value * (1 + window % 3) + pixel % 5;
        float[] one = run(List.of(smoothScene()), new Fake(change), new SceneGeneration.Options(32, 8, 1)).get("DEM");
        Fake fake = new Fake(change);
        assertArrayEquals(one, run(List.of(smoothScene()), fake, new SceneGeneration.Options(32, 8, 7)).get("DEM"));
        assertEquals(12, fake.numbers.size());
        for (int i = 0; i < 12; i++) {
            assertEquals(i, fake.numbers.get(i));
        }
    }

    /** Columns 40 on have no value: windows without any are not generated, the others filled by their mean. */
    @Test
    void pixelsWithoutValuesGetNone() {
        SceneInput half = scene("DEM", HEIGHT, WIDTH, List.of("DEM"), (b, r, c) -> c < 40 ? smooth(r, c) : Double.NaN);
        Fake fake = new Fake((_, _, value) -> {
            assertTrue(Float.isFinite(value));
            return value;
        });
        float[] result = run(List.of(half), fake, CUT).get("DEM");
        for (int i = 0; i < result.length; i++) {
            assertEquals(i % WIDTH >= 40, Float.isNaN(result[i]), "pixel " + i);
        }
        assertTrue(fake.numbers.size() < 12, fake.numbers::toString);
    }

    @Test
    void aModalityIsLeftOutWhereItHasNoValue() {
        SceneInput radar = scene("S1GRD", HEIGHT, WIDTH, List.of("VV", "VH"),
                (b, r, c) -> c < 30 ? -10 - b : Double.NaN);
        Fake fake = new Fake((_, _, value) -> value);
        float[] result = run(List.of(smoothScene(), radar), fake, CUT).get("DEM");
        assertEquals(Set.of("DEM", "S1GRD"), fake.modalities.getFirst());
        assertEquals(Set.of("DEM"), fake.modalities.getLast());
        assertEquals(smooth(69, 89), result[result.length - 1], 1e-4);
    }

    @Test
    void inputsThatAreNeverUsedAreTold() {
        SceneInput radar = scene("S1GRD", HEIGHT, WIDTH, List.of("VV", "VH"), (b, r, c) -> Double.NaN);
        List<String> unused = SceneGeneration.run(List.of(smoothScene(), radar), new Fake((_, _, value) -> value),
                Device.cpu(), CUT, (_, _, _, _) -> { }, ProgressListener.none());
        assertEquals(List.of("S1GRD"), unused);
    }

    @Test
    void inputsOfOtherPlacesAreRefused() {
        Path path = folder.resolve("far.tif");
        new TiffFixture(20, 20, 1).north(32651, 302_000, 3_500_000, 10).write(path, (b, r, c) -> r + c);
        SceneRaster raster = SceneRaster.open(path, List.of("DEM"));
        open.add(raster);
        List<SceneInput> inputs = List.of(smoothScene(), new SceneInput("S1GRD", raster, false));
        String text = assertThrows(
                DataException.class, () -> run(inputs, new Fake((_, _, value) -> value), CUT)).getMessage();
        assertTrue(text.contains("S1GRD") && text.contains("far.tif") && text.contains("302000.0"), text);
    }

    @Test
    void valuesThatAreRefusedAreSaidToBeSomewhere() {
        Fake refusing = new Fake((window, _, value) -> {
            if (window == 5) {
                throw new ArgumentException("wrong unit");
            }
            return value;
        });
        String text = assertThrows(
                ArgumentException.class, () -> run(List.of(smoothScene()), refusing, CUT)).getMessage();
        assertTrue(text.matches("rows \\d+ to \\d+ and columns 0 to \\d+ of DEM .*DEM.tif: wrong unit"), text);
    }

    /** Two windows share 16 columns and hold different classes: each wins where its weight is larger. */
    @Test
    void classesAreThoseOfTheLargerWeight() {
        Output output = new Output("LULC", LandCover.names(10), "", true);
        WindowGenerator voting = new WindowGenerator() {
            @Override
            public List<Output> outputs() {
                return List.of(output);
            }

            @Override
            public Map<String, Tensor> generate(Scope scope, SequencedMap<String, Tensor> inputs, long firstWindow) {
                long count = inputs.firstEntry().getValue().dim(0);
                float[] scores = new float[(int) count * 10 * 32 * 32];
                for (int i = 0; i < scores.length; i++) {
                    int label = i / (32 * 32) % 10;
                    scores[i] = label == (firstWindow + i / (10 * 32 * 32) == 0 ? 2 : 5) ? 9 : 0;
                }
                return Map.of("LULC", scope.of(scores, count, 10, 32, 32));
            }
        };
        SceneInput scene = scene("DEM", 32, 48, List.of("DEM"), (b, r, c) -> smooth(r, c));
        float[] shares = run(List.of(scene), voting, new SceneGeneration.Options(32, 16, 2)).get("LULC");
        byte[] labels = GeneratedFiles.labels(shares, 32 * 48);
        for (int i = 0; i < labels.length; i++) {
            assertEquals(i % 48 < 24 ? 2 : 5, labels[i], "column " + i % 48);
            double sum = 0;
            for (int c = 0; c < 10; c++) {
                sum += shares[c * labels.length + i];
            }
            assertEquals(1, sum, 1e-5);
        }
    }

    @Test
    void wrongNumbersAndResultsAreRefused() {
        assertTrue(assertThrows(ArgumentException.class, () -> new SceneGeneration.Options(100, 8, 1)).getMessage()
                .contains("multiple of 32"));
        assertThrows(ArgumentException.class, () -> new SceneGeneration.Options(32, 32, 1));
        assertThrows(ArgumentException.class, () -> new SceneGeneration.Options(32, 8, 0));
        assertThrows(ArgumentException.class, () -> SceneGeneration.run(List.of(), new Wide(), Device.cpu(), CUT,
                (_, _, _, _) -> { }, ProgressListener.none()));
        SceneInput empty = scene("DEM", 40, 40, List.of("DEM"), (b, r, c) -> Double.NaN);
        String text = assertThrows(DataException.class,
                () -> run(List.of(empty), new Fake((_, _, value) -> value), CUT)).getMessage();
        assertTrue(text.contains("no pixel has a value") && text.contains("DEM.tif"), text);
        WindowGenerator wide = new Wide();
        text = assertThrows(ShapeException.class, () -> run(List.of(smoothScene()), wide, CUT)).getMessage();
        assertTrue(text.contains("[3, 2, 32, 32]") && text.contains("[3, 1, 32, 32]"), text);
    }

    /** Gives two bands where one is announced. */
    private static final class Wide implements WindowGenerator {
        @Override
        public List<Output> outputs() {
            return List.of(new Output("DEM", List.of("DEM"), "m", false));
        }

        @Override
        public Map<String, Tensor> generate(Scope scope, SequencedMap<String, Tensor> inputs, long firstWindow) {
            Tensor image = inputs.firstEntry().getValue();
            return Map.of("DEM", Kernels.copy(scope, image.expand(image.dim(0), 2, 32, 32)));
        }
    }

    @Test
    void aDeviceThatIsTooSmallSaysHowToTakeLess() {
        Fake full = new Fake((_, _, _) -> {
            throw new DeviceMemoryException("no more bytes");
        });
        String text = assertThrows(
                DeviceMemoryException.class, () -> run(List.of(smoothScene()), full, CUT)).getMessage();
        assertTrue(text.contains("3 windows of 32 x 32") && text.contains("--batch"), text);
    }

    @Test
    void interruptsEndTheRun() {
        SceneInput scene = smoothScene();
        Fake stopping = new Fake((_, _, value) -> {
            Thread.currentThread().interrupt();
            return value;
        });
        try {
            assertThrows(InterruptedRunException.class, () -> run(List.of(scene), stopping, CUT));
        } finally {
            Thread.interrupted();
        }
    }
}
