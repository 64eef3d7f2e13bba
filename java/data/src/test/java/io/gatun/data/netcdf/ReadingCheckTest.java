// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.gatun.data.GoldenFolder;
import io.gatun.data.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every file and variable of {@code ../shared/data} against the figures in its {@code reading_check.json}. */
class ReadingCheckTest {
    /** The figures have at least four decimals, sums too. */
    private static final double ROUNDING = 6e-5;
    /** The figures were made with 0.01 in decimal; the attribute is the float nearest to it. */
    private static final double SCALE_ERROR = 2.3e-8;

    /** Steps read at once; no multiple of the 31 steps in a chunk. */
    private static final int SLICE = 50;

    @TestFactory
    Stream<DynamicTest> sharedDataMatchesReadingCheck() throws IOException {
        Optional<Path> folder = GoldenFolder.shared("data");
        if (folder.isEmpty()) {
            return Stream.of(dynamicTest("skipped: no folder ../shared/data", () -> Assumptions.abort(
                    "no folder ../shared/data beside the checkout")));
        }
        String text = Files.readString(folder.get().resolve("reading_check.json"));
        return Json.parseObject(text).entrySet().stream().map(entry -> dynamicTest(entry.getKey(),
                () -> checkFile(folder.get().resolve(entry.getKey()), map(entry.getValue()))));
    }

    /** The committed copy, so that a clone without the shared folder reads a real HDF5 file too. */
    @Test
    void committedSampleMatchesItsFigures() {
        try (NetcdfFile file = NetcdfFixtures.open(NetcdfFixtures.OISST)) {
            check(file.variable("sst"), Map.of("type", "float32", "shape", List.of(365L, 28L, 12L), "missing", 45260L,
                    "sum", 2198799.991, "min", 24.92, "max", 32.52, "first", 27.99, "last", 26.7));
            assertEquals(List.of("time", "lat", "lon"), file.variable("sst").dimensions());
            TimeAxis time = TimeAxis.of(file, file.variable("sst"));
            assertEquals("2017-01-01", time.date(0).toString());
            assertEquals("2017-12-31", time.date(364).toString());
        }
    }

    private static void checkFile(Path path, Map<String, Object> variables) {
        try (NetcdfFile file = NetcdfFile.open(path)) {
            var names = new TreeSet<String>();
            file.variables().forEach(variable -> names.add(variable.name()));
            assertEquals(new TreeSet<>(variables.keySet()), names);
            variables.forEach((name, figures) -> check(file.variable(name), map(figures)));
        }
    }

    private static void check(GridVariable variable, Map<String, Object> figures) {
        assertEquals(figures.get("type"), variable.type().dtypeName(), variable::name);
        long[] shape = ((List<?>) figures.get("shape")).stream().mapToLong(n -> (Long) n).toArray();
        assertEquals(Arrays.toString(shape), variable.shape().toString(), variable::name);
        double[] values = variable.readDoubles();
        double[] present = Arrays.stream(values).filter(v -> !Double.isNaN(v)).toArray();
        assertEquals(figures.get("missing"), (long) (values.length - present.length), variable::name);
        boolean packed = variable.packing().scaleFactor() != 1;
        double offset = variable.packing().addOffset();
        double scaled = packed ? Arrays.stream(present).map(v -> Math.abs(v - offset)).sum() : 0;
        assertClose(figures, "sum", Arrays.stream(present).sum(), SCALE_ERROR * scaled);
        double largest = packed ? Arrays.stream(present).map(v -> Math.abs(v - offset)).max().orElse(0) : 0;
        assertClose(figures, "min", Arrays.stream(present).min().orElseThrow(), SCALE_ERROR * largest);
        assertClose(figures, "max", Arrays.stream(present).max().orElseThrow(), SCALE_ERROR * largest);
        assertClose(figures, "first", present[0], SCALE_ERROR * largest);
        assertClose(figures, "last", present[present.length - 1], SCALE_ERROR * largest);
        if (packed) {
            checkStoredIntegers(variable, figures);
        }
        checkFloats(variable, values);
    }

    /** The stored integers themselves, so that the decimal figures hold to the last digit. */
    private static void checkStoredIntegers(GridVariable variable, Map<String, Object> figures) {
        long sum = 0;
        long present = 0;
        Packing packing = variable.packing();
        for (short stored : variable.readPackedShorts(0, variable.steps())) {
            if (!packing.isMissing(stored)) {
                sum += stored;
                present++;
            }
        }
        assertEquals((double) figures.get("sum"), (sum + 2000 * present) / 100.0, 1e-9, variable::name);
    }

    /** Floats are the rounded doubles, read in slices that cut chunks. */
    private static void checkFloats(GridVariable variable, double[] values) {
        float[] expected = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            expected[i] = (float) values[i];
        }
        float[] actual = new float[values.length];
        int at = 0;
        for (long start = 0; start < variable.steps(); start += SLICE) {
            float[] part = variable.readFloats(start, Math.min(SLICE, variable.steps() - start));
            System.arraycopy(part, 0, actual, at, part.length);
            at += part.length;
        }
        assertEquals(expected.length, at, variable::name);
        assertArrayEquals(expected, actual, variable::name);
    }

    private static void assertClose(Map<String, Object> figures, String name, double actual, double allowance) {
        double expected = ((Number) figures.get(name)).doubleValue();
        assertTrue(Math.abs(actual - expected) <= ROUNDING + allowance, () -> name + " " + actual + " for " + expected);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object value) {
        return (Map<String, Object>) value;
    }
}
