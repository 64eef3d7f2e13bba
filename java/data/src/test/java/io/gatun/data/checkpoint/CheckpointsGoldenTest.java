// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.TensorData;
import io.gatun.data.GoldenFolder;
import io.gatun.data.internal.Json;
import io.gatun.data.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every case of the golden family {@code checkpoints}, exactly as its JSON says; tensors are compared bit by bit. */
class CheckpointsGoldenTest {
    private static final String FAMILY = "checkpoints";

    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        Optional<Path> folder = GoldenFolder.find(FAMILY);
        if (folder.isEmpty()) {
            return Stream.of(dynamicTest(FAMILY, () -> abort("no golden cases: GATUN_GOLDEN names no folder with "
                    + FAMILY)));
        }
        List<Path> cases;
        try (Stream<Path> files = Files.list(folder.get())) {
            cases = files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
        }
        assertFalse(cases.isEmpty(), folder.get() + " has no cases");
        return cases.stream().map(json -> dynamicTest(FAMILY + "/" + stem(json), () -> run(json)));
    }

    private static void run(Path json) throws IOException {
        Map<String, Object> description = Json.parseObject(Files.readString(json));
        Path file = json.resolveSibling((String) description.get("file"));
        if (!"ok".equals(description.get("load"))) {
            CheckpointException refusal = assertThrows(CheckpointException.class, () -> Checkpoints.read(file));
            assertTrue(refusal.getMessage().contains(file.getFileName().toString()), refusal.getMessage());
            assertFalse(Files.exists(Path.of("golden_checkpoint_was_executed")), "the file's command was run");
            return;
        }
        Checkpoint actual = Checkpoints.read(file);
        Checkpoint expected = SafetensorsFile.read(json.resolveSibling(stem(json) + ".safetensors"));
        assertEquals(description.get("tensors"), (long) actual.tensors().size());
        assertSameTensors(expected, actual);
    }

    static void assertSameTensors(Checkpoint expected, Checkpoint actual) {
        assertEquals(expected.tensors().keySet(), actual.tensors().keySet());
        expected.tensors().forEach((name, tensor) -> {
            TensorData other = actual.tensors().get(name);
            assertEquals(tensor.dtype(), other.dtype(), name);
            assertEquals(tensor.shape(), other.shape(), name);
            assertEquals(-1, tensor.bytes().mismatch(other.bytes()), () -> name + " differs at this byte");
        });
    }

    private static String stem(Path json) {
        return json.getFileName().toString().replaceAll("\\.json$", "");
    }
}
