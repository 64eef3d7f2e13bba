// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.OutputException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk that fills up at any point of a file leaves an earlier file as it was, and nothing beside it. */
class FullDiskTest {
    private static final int CELLS = 50_000;

    @TempDir
    private Path folder;

    private Path target;

    @BeforeEach
    void writeEarlierFile() throws IOException {
        target = Files.writeString(folder.resolve("monthly.nc"), "earlier");
    }

    private void write(long room, boolean failsOnForce) {
        PendingFile file = PendingFile.create(target, path -> new FullDisk(
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), room, failsOnForce));
        try (NetcdfWriter writer = new NetcdfWriter(file)) {
            writer.dimension("cell", CELLS);
            NetcdfWriter.Variable values = writer.variable("sst", NetcdfType.FLOAT, List.of("cell"), Map.of());
            values.write(new float[CELLS / 2]);
            values.write(new float[CELLS / 2]);
            writer.commit();
        }
    }

    private void assertRefused(long room, boolean failsOnForce) throws IOException {
        String message = assertThrows(OutputException.class, () -> write(room, failsOnForce)).getMessage();
        assertTrue(message.contains(FullDisk.REASON) && message.contains("monthly.nc")
                && message.matches("(?s).*It needs 200\\d\\d\\d bytes: free space or choose another place.*"), message);
        assertEquals("earlier", Files.readString(target));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(target), files.toList());
        }
    }

    /** In the header, in the first piece, between the pieces, in the second, at the last byte. */
    @ParameterizedTest
    @ValueSource(longs = {0, 10, 200, 4 * CELLS / 2, 4 * CELLS / 2 + 1000, 4 * CELLS - 1})
    void leavesNothingBehind(long room) throws IOException {
        assertRefused(room, false);
    }

    @Test
    void leavesNothingBehindWhenTheLastBlocksDoNotFit() throws IOException {
        assertRefused(Long.MAX_VALUE, true);
    }

    @Test
    void writesWhatFits() throws IOException {
        write(4 * CELLS + 1000, false);
        assertTrue(Files.size(target) > 4 * CELLS);
    }
}
