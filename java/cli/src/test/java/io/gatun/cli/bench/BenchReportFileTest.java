// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DataException;
import io.gatun.core.OutputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchReportFileTest {
    @TempDir
    private Path folder;

    private Path written() {
        Path file = folder.resolve("result.json");
        ReportFile.write(file, Reports.of("strict"));
        return file;
    }

    private void assertRefused(Path file, String... parts) {
        String message = assertThrows(DataException.class, () -> ReportFile.read(file)).getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), () -> part + " is not in: " + message);
        }
    }

    @Test
    void readsWhatItWroteAndLeavesNothingElse() throws IOException {
        Path file = written();
        assertEquals(Reports.of("strict"), ReportFile.read(file));
        ReportFile.write(file, Reports.of("fast"));
        assertEquals(Reports.of("fast"), ReportFile.read(file));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void everyTruncatedFileIsRefused() throws IOException {
        Path file = written();
        String whole = Files.readString(file).strip();
        for (int length = 0; length < whole.length(); length++) {
            Files.writeString(file, whole.substring(0, length));
            assertRefused(file, "is no whole result of gatun bench", "gatun bench --json");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "gatun bench 1; gatun bench 2; its format is \"gatun bench 2\"",
        "\"precision\":\"strict\"; \"precision\":3; \"precision\" is Long",
        "\"threads\":2; \"threads\":\"2\"; \"threads\" is String",
        "\"rates\"; \"speeds\"; \"rates\" is absent",
        "\"samples_ns\":[3; \"samples_ns\":[-3; is -3",
        "\"samples_ns\":[3; \"samples_ns\":[NaN,3; is NaN",
        "\"samples_ns\":[3; \"samples_ns\":[null,3; is null",
        "\"samples_ns\":[2.0E8]; \"samples_ns\":[]; is empty",
        "\"bound_ns\":2; \"bound_ns\":-2; \"bound_ns\"",
        "\"flops\":0.0; \"flops\":true; \"flops\" is Boolean",
        "\"rows\":[; \"rows\":[1,; its rows are no objects"})
    void damageIsRefusedByName(String old, String replacement, String part) throws IOException {
        Path file = written();
        String text = Files.readString(file);
        assertTrue(text.contains(old), text);
        Files.writeString(file, text.replace(old, replacement));
        assertRefused(file, "is no whole result of gatun bench", part);
    }

    @Test
    void otherFilesAreRefused() throws IOException {
        Path file = folder.resolve("other.json");
        assertRefused(file, "no such file");
        Files.write(file, new byte[] {(byte) 0x89, 'H', 'D', 'F', (byte) 0xff});
        assertRefused(file, "is no whole result of gatun bench");
        Files.writeString(file, "{\"a\": 1}");
        assertRefused(file, "\"format\" is absent");
        Files.writeString(file, " ".repeat((16 << 20) + 1));
        assertRefused(file, "it has 16777217 bytes");
        assertRefused(folder, "is no whole result of gatun bench");
    }

    @Test
    void folderThatIsMissingIsAnOutputException() {
        Path file = folder.resolve("absent/result.json");
        assertThrows(OutputException.class, () -> ReportFile.write(file, Reports.of("strict")));
    }

    @Test
    void resultsOfOtherConditionsAreNotCompared() {
        Path file = Path.of("old.json");
        Report.Setting then = Reports.setting("strict");
        assertDoesNotThrow(() -> Comparison.requireComparable(file, then, Reports.setting("strict")));
        for (Report.Setting other : List.of(Reports.setting("fast"), new Report.Setting(then.date(), then.gatun(),
                then.java(), then.system(), then.device(), then.processor(), 4, then.instructions(), then.libraries(),
                then.precision(), then.shape(), then.model(), then.weights()))) {
            String message = assertThrows(DataException.class,
                    () -> Comparison.requireComparable(file, then, other)).getMessage();
            assertTrue(message.matches("old.json: is a result of other conditions: (precision strict, now fast"
                    + "|threads 2, now 4)\\. Measure both under the same\\."), message);
        }
    }
}
