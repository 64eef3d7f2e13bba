// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import static io.gatun.data.netcdf.NetcdfFixtures.assertDataException;
import static io.gatun.data.netcdf.NetcdfFixtures.open;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetcdfFileTest {
    private static final double NONE = Double.NaN;

    @ParameterizedTest
    @CsvSource({"cdf1.nc, CDF-1", "cdf2.nc, CDF-2"})
    void classicFileWithAlternatingRecordsIsRead(String name, String version) {
        try (NetcdfFile file = open(name)) {
            assertTrue(file.format().contains(version), file::format);
            assertEquals(List.of(new NetcdfDimension("time", 4, true), new NetcdfDimension("x", 3, false),
                    new NetcdfDimension("name", 5, false)), file.dimensions());
            assertEquals(AttributeValue.of("classic, with records"), file.attributes().get("title"));
            assertEquals(AttributeValue.of(""), file.attributes().get("empty"));
            assertArrayEquals(new double[] {0, 36, 36.5, 60}, file.variable("time").readDoubles());
            assertArrayEquals(new double[] {1, 2, 3, 4, 5, NONE, NONE, 8, 9, 10, 11, 12},
                    file.variable("flags").readDoubles());
            assertArrayEquals(new double[] {NONE, NONE, NONE, 97, 100, 103.5, 100.5, 101, 101.5, 102, 102.5, 16483.5},
                    file.variable("packed").readDoubles());
            assertArrayEquals(new float[] {100.5f, 101, 101.5f}, file.variable("packed").readFloats(2, 1));
            assertArrayEquals(new short[] {-6, 0, 7, 1, 2, 3}, file.variable("packed").readPackedShorts(1, 2));
            assertArrayEquals(new double[] {42}, file.variable("scalar").readDoubles());
            assertArrayEquals(new double[] {0.25, NONE, NONE}, file.variable("fixed").readDoubles());
            assertEquals(AttributeValue.of(1.5f, 2.5f), file.variable("fixed").attributes().get("numbers"));
            assertEquals(AttributeValue.of(-7), file.variable("fixed").attributes().get("integer"));
            assertEquals(NetcdfType.CHAR, file.variable("label").type());
            assertDataException(() -> file.variable("label").readFloats(), "label", "text", "numbers");
        }
    }

    @Test
    void singleRecordVariableIsNotPadded() {
        try (NetcdfFile file = open("single_record.nc")) {
            assertArrayEquals(new double[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14},
                    file.variable("count").readDoubles());
        }
    }

    @Test
    void recordsAreCountedByLengthWhereTheHeaderLeavesThemOpen(@TempDir Path folder) throws IOException {
        byte[] bytes = Files.readAllBytes(NetcdfFixtures.path("cdf1.nc"));
        Arrays.fill(bytes, 4, 8, (byte) 0xff);
        try (NetcdfFile file = NetcdfFile.open(Files.write(folder.resolve("streaming.nc"), bytes))) {
            assertArrayEquals(new double[] {0, 36, 36.5, 60}, file.variable("time").readDoubles());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cdf5.nc", "corners.nc"})
    void everyNumericTypeIsRead(String name) {
        try (NetcdfFile file = open(name)) {
            for (GridVariable variable : file.variables()) {
                if (variable.name().startsWith("v_")) {
                    var sample = (AttributeValue.Numbers) variable.attributes().get("sample");
                    assertEquals(variable.type(), sample.type());
                    assertArrayEquals(sample.toDoubles(), variable.readDoubles(), variable.name());
                }
            }
            assertArrayEquals(new double[] {0, 1, 0x1p63}, file.variable("v_u8").readDoubles());
            assertArrayEquals(new double[] {-32768, 0, 32767}, file.variable("v_i2").readDoubles());
            assertEquals("uint16", file.variable("v_u2").type().dtypeName());
            assertEquals("[0, 1, 9223372036854775808]", file.variable("v_u8").attributes().get("sample").toString());
        }
    }

    @Test
    void chunksNeverWrittenHoldTheFillValue() {
        double[] expected = new double[7 * 5 * 7];
        Arrays.fill(expected, NONE);
        for (int i = 0; i < 60; i++) {
            expected[i / 12 * 35 + i / 4 % 3 * 7 + i % 4] = i / 2.0;
        }
        for (int i = 0; i < 35; i++) {
            expected[6 * 35 + i] = (1000 + i) / 2.0;
        }
        try (NetcdfFile file = open("corners.nc")) {
            GridVariable sparse = file.variable("sparse");
            assertArrayEquals(expected, sparse.readDoubles());
            for (int start = 0; start < 7; start++) {
                for (int count = 0; count <= 7 - start; count++) {
                    assertArrayEquals(Arrays.copyOfRange(expected, start * 35, (start + count) * 35),
                            sparse.readDoubles(start, count), "steps " + start + ", " + count);
                }
            }
            assertEquals(-1, sparse.readPackedShorts(5, 1)[0]);
            double[] never = {NONE, NONE, NONE, NONE, NONE};
            assertArrayEquals(never, file.variable("never").readDoubles());
        }
    }

    @Test
    void dimensionNamesGroupsAndByteOrderOfNetcdf4AreRead() {
        try (NetcdfFile file = open("corners.nc")) {
            assertEquals("NetCDF-4 (HDF5)", file.format());
            assertTrue(file.dimensions().contains(new NetcdfDimension("time", 7, true)), file.dimensions()::toString);
            assertEquals(List.of("time", "lat", "lon"), file.variable("sparse").dimensions());
            assertEquals(List.of("lat", "lon"), file.variable("lat").dimensions());
            assertEquals(List.of("group/inner", "lat"), file.variable("group/values").dimensions());
            assertEquals(Shape.of(2, 5), file.variable("group/values").shape());
            assertArrayEquals(new double[] {5, 6, 7, 8, 9}, file.variable("group/values").readDoubles(1, 1));
            assertArrayEquals(new double[] {0, 0.25, 0.5, 0.75, 1}, file.variable("big").readDoubles());
            assertFalse(file.hasVariable("time"), "a dimension without coordinate variable");
            assertFalse(file.variable("sparse").attributes().containsKey("DIMENSION_LIST"));
            assertEquals(Optional.empty(), file.variable("sparse").text("units"));
            assertDataException(() -> file.variable("text"), "\"text\"", "VariableLength", "supported");
        }
    }

    @Test
    void hdf5WithoutDimensionScalesIsRead() {
        try (NetcdfFile file = open("plain_hdf5.h5")) {
            assertEquals(List.of("phony_dim_0", "phony_dim_1"), file.variable("a").dimensions());
            assertArrayEquals(new double[] {3, 4, 5}, file.variable("a").readDoubles(1, 1));
            assertArrayEquals(new double[] {6, 7, 8, 9, 10, 11}, file.variable("b").readDoubles(1, 1));
            assertArrayEquals(new double[] {1, -2, 3, -4}, file.variable("compact").readDoubles());
            assertArrayEquals(new double[] {-2, 3}, file.variable("compact").readDoubles(1, 2));
            assertDataException(() -> file.variable("half"), "half", "FloatingPoint", "2 bytes");
        }
    }

    @Test
    void missingFileIsNamed() {
        assertDataException(() -> NetcdfFile.open(Path.of("absent.nc")), "absent.nc", "no such file", "Correct");
    }

    @Test
    void directoryIsRefused(@TempDir Path folder) {
        assertDataException(() -> NetcdfFile.open(folder), folder.toString(), "directory", "expected a NetCDF file");
    }

    @ParameterizedTest
    @CsvSource({"'', is empty", "'<html>not found</html>', web page", "'GRIB....7777', GRIB", "hello, 68 65 6c 6c 6f"})
    void otherFormatsAreTold(String content, String kind, @TempDir Path folder) throws IOException {
        Path path = Files.writeString(folder.resolve("input.nc"), content);
        assertDataException(() -> NetcdfFile.open(path), "input.nc", "not a NetCDF file", kind, "Expected NetCDF-4");
    }

    @Test
    void unknownClassicVersionIsRefused(@TempDir Path folder) throws IOException {
        Path path = Files.writeString(folder.resolve("input.nc"), "CDF\3 and so on");
        assertDataException(() -> NetcdfFile.open(path), "version 3", "1, 2 and 5");
    }

    @Test
    void truncatedFilesAreTold(@TempDir Path folder) throws IOException {
        byte[] hdf = Files.readAllBytes(NetcdfFixtures.path(NetcdfFixtures.OISST));
        Path cutHdf = Files.write(folder.resolve("cut4.nc"), Arrays.copyOf(hdf, hdf.length - 1000));
        assertDataException(() -> NetcdfFile.open(cutHdf), "cut4.nc", "" + hdf.length, "" + (hdf.length - 1000),
                "cut short");
        byte[] classic = Files.readAllBytes(NetcdfFixtures.path("cdf2.nc"));
        Path cutClassic = Files.write(folder.resolve("cut3.nc"), Arrays.copyOf(classic, classic.length - 4));
        assertDataException(() -> NetcdfFile.open(cutClassic), "cut3.nc", "ends at byte", "" + (classic.length - 4));
    }

    @Test
    void unknownCompressionIsNamed() {
        try (NetcdfFile file = open("unknown_filter.h5")) {
            assertDataException(() -> file.variable("v").readFloats(), "unknown_filter.h5", "variable \"v\"", "32015",
                    "not supported", "nccopy");
        }
    }

    @Test
    void dataBeyondTwoGibibytesAreReadInParts(@TempDir Path folder) throws IOException {
        var header = new ClassicHeader();
        header.addDimension("time", 3);
        header.addDimension("x", 300_000_000);
        header.addVariable("v", NetcdfType.FLOAT, List.of("time", "x"), Map.of());
        ByteBuffer start = header.encode();
        Path path = folder.resolve("sparse.nc");
        try (var sparse = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            sparse.write(start, 0);
            sparse.write(ByteBuffer.allocate(4).putFloat(0, 2.5f), header.end() - 4);
        }
        try (NetcdfFile file = NetcdfFile.open(path)) {
            GridVariable variable = file.variable("v");
            assertDataException(variable::readFloats, "sparse.nc", "[3, 300000000] values of 4 bytes", "fewer steps");
            assertEquals(3, variable.steps());
            assertArrayEquals(new float[] {0, 2.5f},
                    variable.readFloats(new long[] {2, 299_999_998}, new long[] {1, 2}));
        }
    }

    @Test
    void absentVariableListsThePresentAndSuggestsTheNearest() {
        try (NetcdfFile file = open(NetcdfFixtures.OISST)) {
            assertDataException(() -> file.variable("SSTs"), "\"SSTs\"", "Did you mean \"sst\"", "sst(time, lat, lon)",
                    "lat(lat)", "time(time)");
            assertDataException(() -> file.variable("latitude"), "Did you mean \"lat\"");
        }
    }

    @Test
    void stepsOutsideTheVariableAreRefused() {
        try (NetcdfFile file = open("cdf1.nc")) {
            GridVariable packed = file.variable("packed");
            for (long[] range : new long[][] {{-1, 1}, {0, 5}, {4, 1}, {0, -1}, {1, Long.MAX_VALUE}}) {
                var e = assertThrows(ArgumentException.class, () -> packed.readFloats(range[0], range[1]));
                assertTrue(e.getMessage().contains("the first axis has 4"), e::getMessage);
            }
            assertEquals(0, packed.readFloats(4, 0).length);
        }
    }

    @Test
    void packedShortsNeedShorts() {
        try (NetcdfFile file = open("cdf1.nc")) {
            assertDataException(() -> file.variable("time").readPackedShorts(0, 1), "time", "double", "short");
        }
    }

    @Test
    void readingAfterCloseIsAnIllegalState() {
        for (String name : List.of("cdf1.nc", "corners.nc")) {
            NetcdfFile file = open(name);
            GridVariable variable = file.variables().getFirst();
            file.close();
            file.close();
            assertThrows(IllegalStateException.class, variable::readDoubles);
        }
    }

    @Test
    void interruptDuringReadingIsTyped() {
        for (String name : List.of("cdf1.nc", "corners.nc")) {
            try (NetcdfFile file = open(name)) {
                GridVariable variable = file.variable(name.equals("cdf1.nc") ? "time" : "sparse");
                Thread.currentThread().interrupt();
                assertThrows(InterruptedRunException.class, variable::readDoubles);
            } finally {
                assertTrue(Thread.interrupted(), "the interrupt stays visible to the caller");
            }
        }
    }

    @Test
    void attributesKeepNonAsciiText(@TempDir Path folder) {
        Path path = folder.resolve("text.nc");
        try (NetcdfWriter writer = NetcdfWriter.create(path)) {
            writer.attribute("institution", AttributeValue.of("Université de Liège"));
            writer.commit();
        }
        try (NetcdfFile file = NetcdfFile.open(path)) {
            assertEquals(AttributeValue.of("Université de Liège"), file.attributes().get("institution"));
            assertDataException(() -> file.variable("sst"), "no variable at all");
        }
    }
}
