// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.data.Gdal;
import io.gatun.data.TiffFixture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class GeoTiffTest {
    private static final int WIDTH = 53;
    private static final int HEIGHT = 41;
    private static final int BANDS = 3;
    /** SampleFormat and BitsPerSample. */
    private static final int[][] TYPES = {
        {1, 8}, {2, 8}, {1, 16}, {2, 16}, {1, 32}, {2, 32}, {3, 32}, {3, 64}};

    @TempDir
    private Path folder;

    private record Layout(TiffFixture fixture, int format, int bits, String name) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Layout> layouts() {
        Stream.Builder<Layout> all = Stream.builder();
        for (int[] type : TYPES) {
            for (int variant = 0; variant < 16; variant++) {
                for (int code : new int[] {1, 5, 8, 32946}) {
                    for (int predictor = 1; predictor <= (code == 1 ? 1 : type[0] == 3 ? 3 : 2); predictor++) {
                        all.add(layout(type, variant, code, predictor));
                    }
                }
            }
        }
        return all.build();
    }

    private static Layout layout(int[] type, int variant, int code, int predictor) {
        TiffFixture fixture = new TiffFixture(WIDTH, HEIGHT, BANDS).type(type[0], type[1]).packed(code, predictor);
        if ((variant & 1) != 0) {
            fixture.big();
        }
        if ((variant & 2) != 0) {
            fixture.bigEndian();
        }
        if ((variant & 4) != 0) {
            fixture.tiles(16, 32);
        } else {
            fixture.strips(7);
        }
        if ((variant & 8) != 0) {
            fixture.planar();
        }
        return new Layout(fixture, type[0], type[1], "format " + type[0] + " bits " + type[1] + " variant " + variant
                + " compression " + code + " predictor " + predictor);
    }

    /** Values that use the sign and the range of the type, exact as float. */
    private static double value(int format, int bits, int band, int row, int column) {
        int hash = (band * 7919 + row * 104_729 + column * 1299) % 9973;
        return switch (format) {
            case 1 -> bits == 8 ? hash & 0xff : bits == 16 ? hash * 6 : hash * 262_144L;
            case 2 -> bits == 8 ? (byte) hash : bits == 16 ? hash * 6 - 30_000 : (hash - 5000) * 65_536L;
            default -> (hash - 5000) / 8.;
        };
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void windowsOfEachLayoutHaveTheirValues(Layout layout) {
        Path path = folder.resolve("layout.tif");
        layout.fixture().write(path, (b, r, c) -> value(layout.format(), layout.bits(), b, r, c));
        try (GeoTiff file = GeoTiff.open(path)) {
            assertEquals(List.of(HEIGHT, WIDTH, BANDS), List.of(file.height(), file.width(), file.bands()));
            for (PixelWindow window : List.of(new PixelWindow(0, 0, HEIGHT, WIDTH), new PixelWindow(15, 14, 19, 35),
                    new PixelWindow(40, 52, 1, 1))) {
                int[] bands = {2, 0};
                assertArrayEquals(expected(layout, bands, window), file.read(bands, window));
            }
        }
    }

    private static float[] expected(Layout layout, int[] bands, PixelWindow w) {
        float[] result = new float[bands.length * w.rows() * w.columns()];
        int at = 0;
        for (int band : bands) {
            for (int row = 0; row < w.rows(); row++) {
                for (int column = 0; column < w.columns(); column++) {
                    result[at++] = (float) value(
                            layout.format(), layout.bits(), band, w.row() + row, w.column() + column);
                }
            }
        }
        return result;
    }

    @Test
    void longLzwTextsFillTheTableSeveralTimes() {
        Path path = folder.resolve("lzw.tif");
        new TiffFixture(300, 200, 1).packed(5, 1).write(path, (b, r, c) -> (r * 31L * c ^ c * 77L) & 0xffff);
        try (GeoTiff file = GeoTiff.open(path)) {
            float[] values = file.read(new int[] {0}, new PixelWindow(0, 0, 200, 300));
            for (int i = 0; i < values.length; i++) {
                int r = i / 300;
                int c = i % 300;
                assertEquals((r * 31L * c ^ c * 77L) & 0xffff, values[i], "pixel " + i);
            }
        }
    }

    @Test
    void uncompressedStripsLargerThanAReadAreReadInPieces() {
        Path path = folder.resolve("strip.tif");
        new TiffFixture(1200, 1000, 1).write(path, (b, r, c) -> (r * 7 + c) & 0xffff);
        try (GeoTiff file = GeoTiff.open(path)) {
            float[] values = file.read(new int[] {0}, new PixelWindow(100, 5, 800, 3));
            assertEquals((100 * 7 + 5) & 0xffff, values[0]);
            assertEquals((899 * 7 + 7) & 0xffff, values[values.length - 1]);
        }
    }

    @Test
    void geographyNamesAndMetadataAreRead() {
        Path path = folder.resolve("scene.tif");
        new TiffFixture(4, 3, 2).bigEndian().north(32651, 300_000, 3_500_040, 10).text(42113, "0")
                .describe(List.of("B2", "B8A"), Map.of("CLOUDY_PIXEL_PERCENTAGE", "12.5"))
                .write(path, (b, r, c) -> r == 1 ? 0 : 5);
        try (GeoTiff file = GeoTiff.open(path)) {
            GeoTransform transform = file.transform().orElseThrow();
            assertEquals(GeoTransform.northUp(300_000, 3_500_040, 10, 10), transform);
            assertEquals(2, transform.column(transform.x(2, 1), transform.y(2, 1)), 1e-9);
            assertEquals(1, transform.row(transform.x(2, 1), transform.y(2, 1)), 1e-9);
            assertEquals(OptionalInt.of(32651), file.epsg());
            assertEquals(List.of("B2", "B8A"), file.bandNames());
            assertEquals(Map.of("CLOUDY_PIXEL_PERCENTAGE", "12.5"), file.metadata());
            assertEquals(SampleType.U16, file.type());
            float nan = Float.NaN;
            assertArrayEquals(new float[] {5, 5, 5, 5, nan, nan, nan, nan, 5, 5, 5, 5},
                    file.read(new int[] {1}, new PixelWindow(0, 0, 3, 4)));
        }
    }

    @Test
    void pixelIsPointMovesTheCornerByHalfAPixel() {
        Path path = folder.resolve("point.tif");
        new TiffFixture(4, 3, 1).doubles(33550, 10, 20, 0).doubles(33922, 1, 1, 0, 1000, 2000, 0)
                .shorts(34735, 1, 1, 0, 2, 1025, 0, 1, 2, 3072, 0, 1, 32767).write(path, (b, r, c) -> 0);
        try (GeoTiff file = GeoTiff.open(path)) {
            assertEquals(GeoTransform.northUp(985, 2030, 10, 20), file.transform().orElseThrow());
            assertEquals(OptionalInt.empty(), file.epsg());
        }
    }

    @Test
    void rotatedImagesHaveTheirWholeTransform() {
        Path path = folder.resolve("rotated.tif");
        new TiffFixture(4, 3, 1).doubles(34264, 8, 6, 0, 100, 6, -8, 0, 200, 0, 0, 0, 0, 0, 0, 0, 1)
                .write(path, (b, r, c) -> 0);
        try (GeoTiff file = GeoTiff.open(path)) {
            GeoTransform t = file.transform().orElseThrow();
            assertEquals(new GeoTransform(100, 8, 6, 200, 6, -8), t);
            assertEquals(3.5, t.column(t.x(3.5, 2.25), t.y(3.5, 2.25)), 1e-12);
            assertEquals(2.25, t.row(t.x(3.5, 2.25), t.y(3.5, 2.25)), 1e-12);
        }
    }

    @ParameterizedTest
    @CsvSource({"'', 0", "-9, NaN"})
    void blocksThatASparseFileLeavesOutHaveNoData(String noData, float expected) {
        Path path = folder.resolve("sparse.tif");
        new TiffFixture(20, 16, 1).tiles(16, 16).sparseFirst().text(42113, noData).write(path, (b, r, c) -> 3);
        try (GeoTiff file = GeoTiff.open(path)) {
            assertArrayEquals(new float[] {expected, expected, 3, 3},
                    file.read(new int[] {0}, new PixelWindow(4, 14, 1, 4)));
        }
    }

    @Test
    void noDataOfFewDigitsMeetsFloats() {
        Path path = folder.resolve("float.tif");
        new TiffFixture(2, 1, 1).type(3, 32).text(42113, "-3.40282346638529e+38")
                .write(path, (b, r, c) -> c == 0 ? -Float.MAX_VALUE : 1);
        try (GeoTiff file = GeoTiff.open(path)) {
            assertArrayEquals(new float[] {Float.NaN, 1}, file.read(new int[] {0}, new PixelWindow(0, 0, 1, 2)));
        }
    }

    @ParameterizedTest
    @CsvSource({"7, 1, compression is 7 (JPEG)", "50000, 1, compression is 50000 (Zstandard)",
        "8, 3, predictor is 3 on values of type U16", "8, 4, predictor is 4"})
    void otherPackingsAreRefusedByName(int compression, int predictor, String found) {
        Path path = folder.resolve("other.tif");
        new TiffFixture(4, 4, 1).packed(compression, predictor).write(path, (b, r, c) -> 0);
        DataException e = assertThrows(DataException.class, () -> GeoTiff.open(path).close());
        assertTrue(e.getMessage().contains(found) && e.getMessage().contains("gdal_translate"), e::getMessage);
    }

    @Test
    void typesThatAreNotReadAreRefused() {
        Path path = folder.resolve("complex.tif");
        new TiffFixture(4, 4, 1).type(6, 64).write(path, (b, r, c) -> 0);
        DataException e = assertThrows(DataException.class, () -> GeoTiff.open(path).close());
        assertTrue(e.getMessage().contains("64 bits and the sample format 6"), e::getMessage);
    }

    @Test
    void windowsAndBandsOutsideAreRefused() {
        Path path = folder.resolve("small.tif");
        new TiffFixture(4, 3, 1).write(path, (b, r, c) -> 0);
        try (GeoTiff file = GeoTiff.open(path)) {
            assertThrows(ArgumentException.class, () -> file.read(new int[] {1}, new PixelWindow(0, 0, 1, 1)));
            assertThrows(ArgumentException.class, () -> file.read(new int[] {0}, new PixelWindow(2, 0, 2, 1)));
            assertThrows(ArgumentException.class,
                    () -> file.read(new int[] {0}, new PixelWindow(0, Integer.MAX_VALUE, 1, 2)));
            assertThrows(ArgumentException.class, () -> new PixelWindow(0, -1, 1, 1));
        }
    }

    @Test
    void absentFilesAndOtherFilesAreRefused() throws IOException {
        assertThrows(DataException.class, () -> GeoTiff.open(folder.resolve("absent.tif")));
        assertThrows(DataException.class, () -> GeoTiff.open(folder));
        Path text = Files.writeString(folder.resolve("text.tif"), "no image at all, only words");
        DataException e = assertThrows(DataException.class, () -> GeoTiff.open(text));
        assertTrue(e.getMessage().contains("6e 6f 20 69"), e::getMessage);
    }

    @Test
    void documentTypesInMetadataAreNotFollowed() {
        Path path = folder.resolve("entity.tif");
        new TiffFixture(2, 2, 1).text(42112, "<!DOCTYPE m [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>"
                + "<GDALMetadata><Item name=\"a\">&x;</Item></GDALMetadata>").write(path, (b, r, c) -> 0);
        DataException e = assertThrows(DataException.class, () -> GeoTiff.open(path).close());
        assertTrue(e.getMessage().contains("42112"), e::getMessage);
    }

    @Test
    void anImageOfBillionsOfPixelsTakesOnlyWhatIsRead() throws IOException {
        byte[] bytes = new TiffFixture(16, 16, 1).tiles(16, 16).bytes((b, r, c) -> 9);
        // Width and height become 2^30, with the tables of one tile: refused at once instead of read.
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int directory = file.getInt(4);
        IntStream.range(0, 2).forEach(i -> file.putInt(directory + 2 + 12 * i + 8, 1 << 30));
        Path path = Files.write(folder.resolve("large.tif"), bytes);
        DataException e = assertThrows(DataException.class, () -> GeoTiff.open(path));
        assertTrue(e.getMessage().contains("4503599627370496"), e::getMessage);
    }

    @Test
    void filesOfGdalAreRead() throws IOException, InterruptedException {
        Path plain = folder.resolve("plain.tif");
        new TiffFixture(WIDTH, HEIGHT, BANDS).north(32651, 300_000, 3_500_000, 10)
                .write(plain, (b, r, c) -> value(1, 16, b, r, c));
        for (String options : List.of("COMPRESS=LZW PREDICTOR=2", "COMPRESS=DEFLATE TILED=YES INTERLEAVE=BAND",
                "BIGTIFF=YES ENDIANNESS=BIG COMPRESS=LZW")) {
            Path rewritten = folder.resolve("rewritten.tif");
            List<String> command = new ArrayList<>(List.of("gdal_translate", "-q"));
            Stream.of(options.split(" ")).forEach(o -> command.addAll(List.of("-co", o)));
            command.addAll(List.of(plain.toString(), rewritten.toString()));
            Gdal.run(command);
            try (GeoTiff ours = GeoTiff.open(plain); GeoTiff theirs = GeoTiff.open(rewritten)) {
                PixelWindow all = new PixelWindow(0, 0, HEIGHT, WIDTH);
                assertArrayEquals(ours.read(new int[] {0, 1, 2}, all), theirs.read(new int[] {0, 1, 2}, all), options);
                assertEquals(ours.transform(), theirs.transform());
                assertEquals(ours.epsg(), theirs.epsg());
            }
        }
    }
}
