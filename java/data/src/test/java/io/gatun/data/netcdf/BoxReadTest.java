// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import static io.gatun.data.netcdf.NetcdfFixtures.assertDataException;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ShapeException;
import io.gatun.data.GoldenFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A box equals the slice of the whole, in every kind of file. */
class BoxReadTest {
    private static final int BOXES = 60;

    // Alternating records, one record variable, contiguous and compact HDF5, big-endian and partial chunks, groups.
    @ParameterizedTest
    @ValueSource(strings = {"cdf1.nc", "cdf2.nc", "cdf5.nc", "single_record.nc", "corners.nc", "plain_hdf5.h5",
        NetcdfFixtures.OISST})
    void everyVariableIsReadInBoxes(String name) {
        try (NetcdfFile file = NetcdfFixtures.open(name)) {
            List<GridVariable> numeric = file.variables().stream().filter(v -> v.type().isNumeric()).toList();
            assertTrue(!numeric.isEmpty(), "the file has numbers");
            numeric.forEach(BoxReadTest::checkBoxes);
        }
    }

    @Test
    void partialChunksAtBothEdgesAreReadInBoxes() {
        Optional<Path> folder = GoldenFolder.shared("data");
        Assumptions.assumeTrue(folder.isPresent(), "no folder ../shared/data beside the checkout");
        try (NetcdfFile file = NetcdfFile.open(folder.get().resolve("samples/alboran_l3_real_gaps_10days.nc"))) {
            GridVariable sst = file.variables().stream().filter(v -> v.shape().rank() == 3).findFirst().orElseThrow();
            assertEquals("[10, 201, 301]", sst.shape().toString());
            checkBoxes(sst);
        }
    }

    /** Boxes at random and at the edges; the seed is fixed. */
    private static void checkBoxes(GridVariable variable) {
        double[] whole = variable.readDoubles();
        long[] shape = variable.shape().toArray();
        check(variable, whole, new long[shape.length], shape);
        Random random = new Random(20260301);
        for (int i = 0; i < BOXES; i++) {
            long[] start = new long[shape.length];
            long[] count = new long[shape.length];
            for (int axis = 0; axis < shape.length; axis++) {
                // A whole axis now and then, so that inner axes merge into one run.
                boolean all = random.nextInt(3) == 0;
                start[axis] = all ? 0 : random.nextLong(shape[axis]);
                count[axis] = all ? shape[axis] : 1 + random.nextLong(shape[axis] - start[axis]);
            }
            check(variable, whole, start, count);
        }
    }

    private static void check(GridVariable variable, double[] whole, long[] start, long[] count) {
        double[] expected = slice(whole, variable.shape().toArray(), start, count);
        String box = variable + ", " + Arrays.toString(count) + " from " + Arrays.toString(start);
        assertArrayEquals(expected, variable.readDoubles(start, count), box);
        float[] floats = new float[expected.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) expected[i];
        }
        assertArrayEquals(floats, variable.readFloats(start, count), box);
    }

    private static double[] slice(double[] whole, long[] shape, long[] start, long[] count) {
        int length = (int) Arrays.stream(count).reduce(1, (a, b) -> a * b);
        double[] values = new double[length];
        for (int i = 0; i < length; i++) {
            long rest = i;
            long from = 0;
            long stride = 1;
            for (int axis = shape.length - 1; axis >= 0; axis--) {
                from += (start[axis] + rest % count[axis]) * stride;
                rest /= count[axis];
                stride *= shape[axis];
            }
            values[i] = whole[(int) from];
        }
        return values;
    }

    @Test
    void chunksThatABoxTouchesAreVisitedOnce() {
        var slab = new ChunkSlab(new int[] {2, 3, 4}, 2, new long[] {1, 3, 5}, new long[] {4, 1, 6});
        Set<List<Integer>> visited = new LinkedHashSet<>();
        int visits = 0;
        for (int[] offset = slab.first(); offset.length > 0; offset = slab.next(offset)) {
            visited.add(Arrays.stream(offset).boxed().toList());
            visits++;
        }
        assertEquals(List.of(List.of(0, 3, 4), List.of(0, 3, 8), List.of(2, 3, 4), List.of(2, 3, 8), List.of(4, 3, 4),
                List.of(4, 3, 8)), new ArrayList<>(visited));
        assertEquals(visits, visited.size());
    }

    @Test
    void runsAreAsLongAsTheyCanBe() throws Exception {
        ByteLayout layout = ByteLayout.contiguous(100, new long[] {4, 3, 5}, 2);
        assertEquals(List.of("130+60"), runs(layout, new long[] {1, 0, 0}, new long[] {2, 3, 5}));
        assertEquals(List.of("150+10", "180+10"), runs(layout, new long[] {1, 2, 0}, new long[] {2, 1, 5}));
        assertEquals(List.of("144+4", "154+4"), runs(layout, new long[] {1, 1, 2}, new long[] {1, 2, 2}));
        assertEquals(List.of("150+20", "190+20"),
                runs(layout.withStepStride(40), new long[] {1, 1, 0}, new long[] {2, 2, 5}));
        assertEquals(List.of(), runs(layout, new long[] {1, 1, 0}, new long[] {2, 0, 5}));
        assertEquals(List.of("7+8"), runs(ByteLayout.contiguous(7, new long[0], 8), new long[0], new long[0]));
    }

    private static List<String> runs(ByteLayout layout, long[] start, long[] count) throws Exception {
        List<String> runs = new ArrayList<>();
        layout.forEachRun(start, count, (offset, length) -> runs.add(offset + "+" + length));
        return runs;
    }

    @Test
    void boxesOutsideTheShapeAreRefused() {
        try (NetcdfFile file = NetcdfFixtures.open("corners.nc")) {
            GridVariable sparse = file.variable("sparse");
            long[][][] boxes = {{{0, 0, 4}, {1, 1, 4}}, {{-1, 0, 0}, {1, 1, 1}}, {{0, 0, 0}, {1, -1, 1}},
                {{0, 0}, {1, 1}}, {{0, 0, 0}, {1, 1}}, {{0, 6, 0}, {1, 0, 1}}, {{1, 0, 0}, {Long.MAX_VALUE, 1, 1}}};
            for (long[][] box : boxes) {
                var e = assertThrows(ShapeException.class, () -> sparse.readFloats(box[0], box[1]));
                for (String word : List.of("corners.nc", "\"sparse\"", Arrays.toString(box[0]),
                        Arrays.toString(box[1]), "[7, 5, 7]")) {
                    assertTrue(e.getMessage().contains(word), e::getMessage);
                }
            }
            assertEquals(0, sparse.readFloats(new long[] {7, 5, 7}, new long[] {0, 0, 0}).length);
        }
        try (NetcdfFile file = NetcdfFixtures.open("cdf1.nc")) {
            assertDataException(() -> file.variable("label").readFloats(new long[2], new long[] {1, 1}), "text");
            assertEquals(42, file.variable("scalar").readFloats(new long[0], new long[0])[0]);
        }
    }
}
