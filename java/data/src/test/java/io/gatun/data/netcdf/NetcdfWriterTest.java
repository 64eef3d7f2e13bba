// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.gatun.core.ArgumentException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.OutputException;
import io.gatun.core.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class NetcdfWriterTest {
    private static final float FILL = 9.96921e36f;

    @TempDir
    private Path folder;

    /** A file with every type, sizes that need padding, and pieces that alternate. */
    private Path writeSample() {
        Path path = folder.resolve("sample.nc");
        try (NetcdfWriter writer = NetcdfWriter.create(path)) {
            writer.dimension("time", 2);
            writer.dimension("lat", 3);
            writer.dimension("lon", 5);
            writer.attribute("Conventions", AttributeValue.of("CF-1.8"));
            writer.attribute("numbers", AttributeValue.of(1, -2, 3));
            writer.attribute("empty", AttributeValue.of(""));
            Map<String, AttributeValue> units = new LinkedHashMap<>();
            units.put("units", AttributeValue.of("degree_Celsius"));
            units.put("_FillValue", AttributeValue.of(FILL));
            var mean = writer.variable("mean", NetcdfType.FLOAT, List.of("time", "lat", "lon"), units);
            var land = writer.variable("land_mask", NetcdfType.BYTE, List.of("lat", "lon"),
                    Map.of("flag_values", AttributeValue.of(NetcdfType.BYTE, 0, 1)));
            var time = writer.variable("time", NetcdfType.DOUBLE, List.of("time"),
                    Map.of("units", AttributeValue.of("days since 1970-01-01")));
            var packed = writer.variable("packed", NetcdfType.SHORT, List.of("lat"),
                    Map.of("scale_factor", AttributeValue.of(0.5)));
            var count = writer.variable("count", NetcdfType.INT, List.of(), Map.of());
            var label = writer.variable("label", NetcdfType.CHAR, List.of("lon"), Map.of());
            time.write(new double[] {16071});
            mean.write(values(0, 20));
            time.write(new double[] {16102});
            land.write(new byte[] {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0});
            mean.write(values(20, 10));
            packed.write(new short[] {-3, 0, 7});
            count.write(new int[] {Integer.MIN_VALUE});
            label.write("ocean".getBytes(StandardCharsets.US_ASCII));
            writer.commit();
        }
        return path;
    }

    private static float[] values(int from, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = from + i == 7 ? FILL : (from + i) / 8f;
        }
        return values;
    }

    @Test
    void ownReaderReadsBackWhatWasWritten() throws IOException {
        try (NetcdfFile file = NetcdfFile.open(writeSample())) {
            assertTrue(file.format().contains("CDF-2"), file::format);
            assertEquals(List.of("Conventions", "numbers", "empty"), List.copyOf(file.attributes().keySet()));
            assertEquals(AttributeValue.of(1, -2, 3), file.attributes().get("numbers"));
            GridVariable mean = file.variable("mean");
            assertEquals(Shape.of(2, 3, 5), mean.shape());
            assertEquals(List.of("time", "lat", "lon"), mean.dimensions());
            float[] expected = values(0, 30);
            expected[7] = Float.NaN;
            assertArrayEquals(expected, mean.readFloats());
            assertArrayEquals(new double[] {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0},
                    file.variable("land_mask").readDoubles());
            assertArrayEquals(new double[] {-1.5, 0, 3.5}, file.variable("packed").readDoubles());
            assertArrayEquals(new double[] {Integer.MIN_VALUE}, file.variable("count").readDoubles());
            assertEquals(NetcdfType.CHAR, file.variable("label").type());
            assertEquals("2014-02-01", TimeAxis.of(file, mean).date(1).toString());
        }
        assertEquals(List.of("sample.nc"), filesInFolder());
    }

    @Test
    void ncdumpReadsWhatWasWritten() throws Exception {
        Path path = writeSample();
        String header = ncdump("-h", path.toString());
        for (String line : List.of("time = 2 ;", "float mean(time, lat, lon) ;", "mean:units = \"degree_Celsius\" ;",
                "mean:_FillValue = 9.96921e+36f ;", "byte land_mask(lat, lon) ;", "land_mask:flag_values = 0b, 1b ;",
                "short packed(lat) ;", "int count ;", "char label(lon) ;", ":Conventions = \"CF-1.8\" ;",
                ":numbers = 1, -2, 3 ;", ":empty = \"\" ;")) {
            assertTrue(header.contains(line), () -> line + " is not in " + header);
        }
        assertEquals("64-bit offset", ncdump("-k", path.toString()).strip());
        String data = ncdump(path.toString()).replaceAll("\\s+", " ");
        for (String text : List.of("time = 16071, 16102 ;", "packed = -3, 0, 7 ;", "count = -2147483648 ;",
                "label = \"ocean\" ;", "land_mask = 0, 1, 0, 1, 0, 1, 0,", "mean = 0, 0.125, 0.25, 0.375, 0.5, 0.625, "
                        + "0.75, _, 1, 1.125,", "3.5, 3.625 ;")) {
            assertTrue(data.contains(text), () -> text + " is not in " + data);
        }
    }

    @Test
    void ncdumpReadsAFileWithoutVariables() throws Exception {
        Path path = folder.resolve("bare.nc");
        try (NetcdfWriter writer = NetcdfWriter.create(path)) {
            writer.attribute("title", AttributeValue.of("bare"));
            writer.commit();
        }
        assertTrue(ncdump(path.toString()).contains(":title = \"bare\" ;"));
    }

    private static String ncdump(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("ncdump"));
        command.addAll(List.of(arguments));
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            String reason = "ncdump is not installed: Debian package netcdf-bin";
            if ("true".equals(System.getenv("CI"))) {
                fail(reason, e);
            }
            Assumptions.abort(reason);
            throw e;
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(30, TimeUnit.SECONDS), "ncdump does not end");
        assertEquals(0, process.exitValue(), output);
        return output;
    }

    @Test
    void existingFileIsReplacedByCommitOnly() throws IOException {
        Path path = Files.writeString(folder.resolve("sample.nc"), "before");
        try (NetcdfWriter writer = NetcdfWriter.create(path)) {
            writer.dimension("x", 1);
            writer.variable("v", NetcdfType.INT, List.of("x"), Map.of()).write(new int[1]);
        }
        assertEquals("before", Files.readString(path));
        assertEquals(List.of("sample.nc"), filesInFolder());
        assertEquals(path, writeSample());
        NetcdfFile.open(path).close();
    }

    @Test
    void failureLeavesNothing() throws IOException {
        assertThrows(UnsupportedOperationException.class, () -> {
            try (NetcdfWriter writer = NetcdfWriter.create(folder.resolve("x.nc"))) {
                writer.dimension("x", 1);
                writer.variable("v", NetcdfType.INT, List.of("x"), Map.of()).write(new int[1]);
                throw new UnsupportedOperationException("the caller fails");
            }
        });
        assertEquals(List.of(), filesInFolder());
    }

    @Test
    void interruptBeforeCommitLeavesNothing() throws IOException {
        try (NetcdfWriter writer = NetcdfWriter.create(folder.resolve("x.nc"))) {
            writer.dimension("x", 1);
            writer.variable("v", NetcdfType.INT, List.of("x"), Map.of()).write(new int[1]);
            Thread.currentThread().interrupt();
            var e = assertThrows(InterruptedRunException.class, writer::commit);
            assertTrue(e.getMessage().contains("x.nc"), e::getMessage);
        } finally {
            assertTrue(Thread.interrupted(), "the interrupt stays visible to the caller");
        }
        assertEquals(List.of(), filesInFolder());
    }

    @Test
    void interruptBeforeWriteLeavesNothing() throws IOException {
        try (NetcdfWriter writer = NetcdfWriter.create(folder.resolve("x.nc"))) {
            writer.dimension("x", 1);
            var variable = writer.variable("v", NetcdfType.INT, List.of("x"), Map.of());
            Thread.currentThread().interrupt();
            assertThrows(InterruptedRunException.class, () -> variable.write(new int[1]));
        } finally {
            assertTrue(Thread.interrupted(), "the interrupt stays visible to the caller");
        }
        assertEquals(List.of(), filesInFolder());
    }

    @Test
    void unwritableTargetsAreRefused() throws IOException {
        assertRefused(folder, "is a directory");
        assertRefused(folder.resolve("absent/x.nc"), "absent does not exist");
        assertRefused(Files.writeString(folder.resolve("file"), "").resolve("x.nc"), "does not exist");
        Assumptions.assumeTrue(Files.isDirectory(Path.of("/proc/self")), "no /proc: the rest needs a read-only folder");
        assertRefused(Path.of("/proc/self/x.nc"), "cannot write into the folder");
    }

    private static void assertRefused(Path target, String reason) {
        String message = assertThrows(OutputException.class, () -> NetcdfWriter.create(target)).getMessage();
        assertTrue(message.contains(target.toString()) && message.contains(reason), message);
    }

    @Test
    void failingMoveIsAnOutputException() throws IOException {
        Path target = folder.resolve("x.nc");
        try (NetcdfWriter writer = NetcdfWriter.create(target)) {
            Files.createDirectories(target.resolve("occupied"));
            var e = assertThrows(OutputException.class, writer::commit);
            assertTrue(e.getMessage().contains("x.nc: cannot be written"), e::getMessage);
        }
        assertEquals(List.of("x.nc"), filesInFolder());
    }

    /** Rows of a map of each month as they come, in an order of their own, as a window after the other is done. */
    @Test
    void valuesAreWrittenAtPositions() {
        Path path = folder.resolve("rows.nc");
        int times = 3;
        int rows = 7;
        int columns = 5;
        try (NetcdfWriter writer = NetcdfWriter.create(path)) {
            writer.dimension("time", times);
            writer.dimension("lat", rows);
            writer.dimension("lon", columns);
            var map = writer.variable("map", NetcdfType.FLOAT, List.of("time", "lat", "lon"), Map.of());
            var days = writer.variable("days", NetcdfType.INT, List.of("lat"), Map.of());
            var lat = writer.variable("lat", NetcdfType.DOUBLE, List.of("lat"), Map.of());
            for (int row : new int[] {4, 0, 6, 2}) {
                int height = row == 6 ? 1 : 2;
                for (int time = 0; time < times; time++) {
                    int first = (time * rows + row) * columns;
                    map.write(first, values(first, height * columns));
                }
            }
            days.write(5, new int[] {5, 6});
            days.write(0, new int[] {0, 1});
            days.write(new int[] {2, 3, 4});
            lat.write(0, new double[] {0, 1, 2, 3, 4, 5, 6});
            writer.commit();
        }
        float[] expected = values(0, times * rows * columns);
        expected[7] = Float.NaN;
        try (NetcdfFile file = NetcdfFile.open(path)) {
            assertArrayEquals(expected, file.variable("map").readFloats());
            assertArrayEquals(new double[] {0, 1, 2, 3, 4, 5, 6}, file.variable("days").readDoubles());
            assertArrayEquals(new double[] {0, 1, 2, 3, 4, 5, 6}, file.variable("lat").readDoubles());
        }
    }

    @Test
    void elementsAreWrittenOnce() {
        try (NetcdfWriter writer = NetcdfWriter.create(folder.resolve("x.nc"))) {
            writer.dimension("x", 10);
            var variable = writer.variable("v", NetcdfType.INT, List.of("x"), Map.of());
            variable.write(4, new int[3]);
            for (int first : new int[] {2, 3, 4, 5, 6}) {
                assertArgument(() -> variable.write(first, new int[3]), "elements " + first + " to " + (first + 2),
                        "before", "once");
            }
            for (long first : new long[] {-1, 8, Long.MAX_VALUE}) {
                assertArgument(() -> variable.write(first, new int[3]), "10 values", "element " + first);
            }
            variable.write(5, new int[0]);
            variable.write(7, new int[3]);
            variable.write(0, new int[2]);
            assertArgument(writer::commit, "8 of its 10", "element 2 is");
            variable.write(2, new int[2]);
            writer.commit();
        }
    }

    @Test
    void coverageMatchesAFlagPerElement() {
        var random = new Random(7);
        for (int round = 0; round < 200; round++) {
            var coverage = new Coverage();
            boolean[] flags = new boolean[30];
            for (int i = 0; i < 40; i++) {
                int first = random.nextInt(30);
                int end = first + random.nextInt(Math.min(6, 31 - first));
                boolean overlap = IntStream.range(first, end).anyMatch(e -> flags[e]);
                assertEquals(overlap, coverage.overlaps(first, end));
                if (!overlap) {
                    coverage.add(first, end);
                    Arrays.fill(flags, first, end, true);
                }
                assertEquals(IntStream.range(0, 30).filter(e -> flags[e]).count(), coverage.count());
                assertEquals(IntStream.range(0, 30).filter(e -> !flags[e]).findFirst().orElse(30), coverage.firstGap());
            }
        }
    }

    /** Only the header and the last value are written: the file is sparse. */
    @Test
    void variableBeyondFourGibibytesIsWrittenAs64BitData() throws Exception {
        Path path = folder.resolve("large.nc");
        var header = new ClassicHeader();
        header.addDimension("time", 12);
        header.addDimension("x", 100_000_000);
        header.addAttribute("title", AttributeValue.of("large"));
        header.addAttribute("numbers", AttributeValue.of(NetcdfType.SHORT, 1, 2, 3));
        header.addVariable("v", NetcdfType.FLOAT, List.of("time", "x"), Map.of("units", AttributeValue.of("K")));
        header.addVariable("last", NetcdfType.BYTE, List.of("time"), Map.of());
        var start = header.encode();
        long end = header.end();
        try (var sparse = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE,
                StandardOpenOption.SPARSE)) {
            sparse.write(start, 0);
            sparse.write(ByteBuffer.allocate(4).putFloat(0, 2.5f), end - 16);
            sparse.write(ByteBuffer.wrap(new byte[] {7}), end - 1);
        }
        try (NetcdfFile file = NetcdfFile.open(path)) {
            assertTrue(file.format().contains("CDF-5"), file::format);
            assertEquals(AttributeValue.of("large"), file.attributes().get("title"));
            assertEquals(AttributeValue.of(NetcdfType.SHORT, 1, 2, 3), file.attributes().get("numbers"));
            assertArrayEquals(new float[] {0, 2.5f},
                    file.variable("v").readFloats(new long[] {11, 99_999_998}, new long[] {1, 2}));
            assertArrayEquals(new float[] {7}, file.variable("last").readFloats(11, 1));
        }
        assertEquals("cdf5", ncdump("-k", path.toString()).strip());
        String text = ncdump("-h", path.toString());
        for (String line : List.of("x = 100000000 ;", "float v(time, x) ;", "v:units = \"K\" ;",
                ":numbers = 1s, 2s, 3s ;")) {
            assertTrue(text.contains(line), () -> line + " is not in " + text);
        }
    }

    @Test
    void incompleteVariableIsNotCommitted() {
        try (NetcdfWriter writer = NetcdfWriter.create(folder.resolve("x.nc"))) {
            writer.dimension("x", 3);
            writer.variable("v", NetcdfType.INT, List.of("x"), Map.of()).write(new int[2]);
            assertArgument(writer::commit, "v", "2 of its 3", "element 2 is the first without");
        }
    }

    @Test
    void wrongTypeAndTooManyValuesAreRefused() {
        try (NetcdfWriter writer = NetcdfWriter.create(folder.resolve("x.nc"))) {
            writer.dimension("x", 3);
            var variable = writer.variable("v", NetcdfType.INT, List.of("x"), Map.of());
            assertArgument(() -> variable.write(new float[3]), "type int", "type float");
            assertArgument(() -> variable.write(new int[4]), "3 values", "got 4", "from element 0");
            variable.write(new int[2]);
            assertArgument(() -> variable.write(new int[2]), "3 values", "got 2", "from element 2");
            assertArgument(() -> writer.dimension("late", 1), "late", "after data");
        }
    }

    @Test
    void illegalDeclarationsAreRefused() {
        try (NetcdfWriter writer = NetcdfWriter.create(folder.resolve("x.nc"))) {
            writer.dimension("x", Integer.MAX_VALUE);
            for (String name : List.of("", "a/b", "end ", "-x", "tab\t", "e\u0301")) {
                assertArgument(() -> writer.dimension(name, 1), "no NetCDF name");
            }
            writer.dimension("été 2014", 1);
            assertArgument(() -> writer.dimension("x", 1), "twice");
            assertArgument(() -> writer.dimension("none", 0), "length 0");
            assertArgument(() -> writer.variable("v", NetcdfType.INT64, List.of(), Map.of()), "int64");
            assertArgument(() -> writer.variable("v", NetcdfType.INT, List.of("y"), Map.of()), "dimension y", "[x, ");
            assertArgument(() -> writer.variable("v", NetcdfType.INT, List.of("x", "x"), Map.of()),
                    (1L << 60) + " bytes");
            assertArgument(() -> writer.attribute("a", AttributeValue.of(NetcdfType.BYTE, 128)), "128", "-128 to 127");
            assertArgument(() -> writer.attribute("a", AttributeValue.of(NetcdfType.UINT, 1)), "uint");
        }
    }

    @Test
    void closedWriterIsAnIllegalState() {
        NetcdfWriter writer = NetcdfWriter.create(folder.resolve("x.nc"));
        writer.close();
        writer.close();
        assertThrows(IllegalStateException.class, writer::commit);
        assertThrows(IllegalStateException.class, () -> writer.dimension("x", 1));
    }

    private static void assertArgument(Executable action, String... words) {
        String message = assertThrows(ArgumentException.class, action).getMessage();
        for (String word : words) {
            assertTrue(message.contains(word), () -> "\"" + word + "\" is not in: " + message);
        }
    }

    private List<String> filesInFolder() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }
}
