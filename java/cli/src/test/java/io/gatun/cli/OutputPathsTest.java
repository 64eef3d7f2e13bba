// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.OutputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputPathsTest {
    @TempDir
    private Path folder;

    @Test
    void linksAreTheFilesThatTheyLeadTo() throws IOException {
        Path file = Files.writeString(folder.resolve("a.nc"), "text");
        Path hard = Files.createLink(folder.resolve("hard.nc"), file);
        Path link = Files.createSymbolicLink(folder.resolve("link"), Files.createDirectory(folder.resolve("real")));
        assertTrue(OutputPaths.same(file, hard));
        assertTrue(OutputPaths.same(link.resolve("new.nc"), folder.resolve("real/./new.nc")));
        assertFalse(OutputPaths.same(file, folder.resolve("b.nc")));
        assertThrows(OutputException.class, () -> OutputPaths.requireFile(hard, List.of(file)));
        assertThrows(ArgumentException.class, () -> OutputPaths.requireDistinct(
                List.of(file, link.resolve("new.nc"), folder.resolve("real/new.nc"))));
    }

    @Test
    void aFolderMayBeThereOrMade() throws IOException {
        OutputPaths.requireFolder(folder);
        OutputPaths.requireFolder(folder.resolve("a/b"));
        OutputPaths.requireFile(folder.resolve("a/b/p.png"), folder.resolve("a/b"), List.of());
        assertThrows(OutputException.class, () -> OutputPaths.requireFile(folder.resolve("a/b/p.png"), List.of()));
        Path file = Files.createFile(folder.resolve("file"));
        assertThrows(OutputException.class, () -> OutputPaths.requireFolder(file.resolve("out")));
    }
}
