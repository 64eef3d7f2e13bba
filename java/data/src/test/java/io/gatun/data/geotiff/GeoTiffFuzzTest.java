// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DataException;
import io.gatun.data.TiffFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Damaged files: every step of reading either works or is a {@link DataException}. A failure names its seed. */
class GeoTiffFuzzTest {
    private static final int KNOWN_SEED = 20261121;
    private static final int LARGEST = 64;

    @TempDir
    private Path folder;

    @Timeout(120)
    @ParameterizedTest
    @CsvSource({"1, 1, false", "5, 2, true", "8, 2, false", "8, 1, true"})
    void damagedFilesEndInDataExceptions(int compression, int predictor, boolean tiledBig) throws IOException {
        TiffFixture fixture = new TiffFixture(23, 19, 2).packed(compression, predictor);
        byte[] intact = (tiledBig ? fixture.big().tiles(16, 16).planar() : fixture.bigEndian().strips(5))
                .north(32651, 300_000, 3_500_000, 10).text(42113, "-1").describe(List.of("B2", "B3"), Map.of("a", "b"))
                .bytes((b, r, c) -> b * 1000 + r * 37 + c);
        Path path = folder.resolve("damaged.tif");
        int refused = 0;
        int runs = 3000;
        for (int seed = KNOWN_SEED; seed < KNOWN_SEED + runs; seed++) {
            Files.write(path, damage(intact, new Random(seed)));
            try (GeoTiff file = GeoTiff.open(path)) {
                int[] bands = IntStream.range(0, Math.min(4, file.bands())).toArray();
                file.read(bands, new PixelWindow(
                        0, 0, Math.min(LARGEST, file.height()), Math.min(LARGEST, file.width())));
                file.read(bands, new PixelWindow(file.height() - 1, file.width() - 1, 1, 1));
            } catch (DataException e) {
                assertTrue(e.getMessage().contains("damaged.tif"), e::getMessage);
                refused++;
            } catch (Throwable e) {
                throw new AssertionError("compression " + compression + " damaged with seed " + seed, e);
            }
        }
        assertTrue(refused > runs / 10, "the damage was harmless: " + refused + " of " + runs + " were refused");
    }

    /** A truncation, or one to four bytes changed, flipped or set to ones; mostly where the tags are. */
    private static byte[] damage(byte[] intact, Random random) {
        if (random.nextInt(4) == 0) {
            return Arrays.copyOf(intact, random.nextInt(intact.length));
        }
        byte[] bytes = intact.clone();
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(random.nextBoolean() ? bytes.length : Math.min(bytes.length, 700));
            at = random.nextBoolean() ? bytes.length - 1 - at : at;
            switch (random.nextInt(3)) {
                case 0 -> bytes[at] = (byte) random.nextInt();
                case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                default -> Arrays.fill(bytes, at, Math.min(bytes.length, at + 4), (byte) 0xff);
            }
        }
        return bytes;
    }
}
