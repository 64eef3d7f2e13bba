// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonFileTest {
    @TempDir
    private Path folder;

    @Test
    void anObjectIsReadAsPlainData() throws IOException {
        Path file = Files.writeString(folder.resolve("config.json"), "{\"vocab\": {\"\u4e2d\": 1}, \"list\": [0.5]}");
        assertEquals(Map.of("vocab", Map.of("\u4e2d", 1L), "list", List.of(0.5)), JsonFile.read(file));
    }

    @Test
    void otherFilesAreRefusedWithTheirName() throws IOException {
        Path array = Files.writeString(folder.resolve("array.json"), "[1]");
        Path binary = Files.write(folder.resolve("model.pt"), new byte[] {(byte) 0x80, 2, (byte) 0xff});
        refuses(folder.resolve("absent.json"), "absent.json does not exist");
        refuses(array, "array.json could not be read as a JSON object: expected an object");
        refuses(binary, "model.pt is not UTF-8");
        refuses(folder, "could not be read");
    }

    private static void refuses(Path file, String words) {
        String message = assertThrows(DataException.class, () -> JsonFile.read(file)).getMessage();
        assertTrue(message.contains(words), message);
    }
}
