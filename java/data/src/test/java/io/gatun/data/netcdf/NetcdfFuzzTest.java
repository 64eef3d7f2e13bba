// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Damaged files: every step of reading either works or is a {@link DataException}. A failure names its seed. */
class NetcdfFuzzTest {
    private static final int KNOWN_SEED = 20260227;

    @TempDir
    private Path folder;

    @Timeout(120)
    @ParameterizedTest
    @CsvSource({"cdf1.nc, 4000", "cdf2.nc, 4000", "cdf5.nc, 4000", "single_record.nc, 2000", "corners.nc, 600",
        "plain_hdf5.h5, 300"})
    void damagedFilesEndInDataExceptions(String name, int runs) throws IOException {
        byte[] intact = Files.readAllBytes(NetcdfFixtures.path(name));
        Path path = folder.resolve("damaged.nc");
        int refused = 0;
        for (int seed = KNOWN_SEED; seed < KNOWN_SEED + runs; seed++) {
            Files.write(path, damage(intact, new Random(seed)));
            try (NetcdfFile file = NetcdfFile.open(path)) {
                for (GridVariable variable : file.variables()) {
                    if (variable.type().isNumeric()) {
                        variable.readFloats();
                    }
                }
                if (file.hasVariable("time")) {
                    TimeAxis.read(file, "time");
                }
            } catch (DataException e) {
                assertTrue(e.getMessage().contains("damaged.nc"), e::getMessage);
                refused++;
            } catch (Throwable e) {
                throw new AssertionError(name + " damaged with seed " + seed, e);
            }
        }
        assertTrue(refused > runs / 10, "the damage was harmless: " + refused + " of " + runs + " were refused");
    }

    /** A truncation, or one to four bytes changed, flipped or set to ones. */
    private static byte[] damage(byte[] intact, Random random) {
        if (random.nextInt(4) == 0) {
            return Arrays.copyOf(intact, random.nextInt(intact.length));
        }
        byte[] bytes = intact.clone();
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(3)) {
                case 0 -> bytes[at] = (byte) random.nextInt();
                case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                default -> Arrays.fill(bytes, at, Math.min(bytes.length, at + 4), (byte) 0xff);
            }
        }
        return bytes;
    }
}
