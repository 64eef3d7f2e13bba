// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.data.GoldenFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CheckpointsTest {
    @TempDir
    private Path folder;

    private String refusal(Path file) {
        String message = assertThrows(CheckpointException.class, () -> Checkpoints.read(file)).getMessage();
        assertTrue(message.contains(file.toString()), message);
        return message;
    }

    @Test
    void contentDecidesNotTheName() throws IOException {
        Path golden = GoldenFolder.resource("checkpoints").orElseThrow();
        Path disguisedTorch = Files.copy(golden.resolve("views.pth"), folder.resolve("torch.safetensors"));
        Path disguisedSafetensors = Files.copy(golden.resolve("views.safetensors"), folder.resolve("safe.pth"));
        Checkpoint expected = Checkpoints.read(disguisedSafetensors);
        assertEquals(10, expected.tensors().size());
        CheckpointsGoldenTest.assertSameTensors(expected, Checkpoints.read(disguisedTorch));
    }

    @ParameterizedTest
    @MethodSource("otherFormats")
    void otherFormatsAreRefusedByName(String head, String expected) throws IOException {
        Path file = Files.write(folder.resolve("model.pth"), head.getBytes(StandardCharsets.ISO_8859_1));
        assertTrue(refusal(file).contains(expected), refusal(file));
    }

    private static Stream<Arguments> otherFormats() {
        return Stream.of(
                arguments("\u0089HDF\r\n\u001a\n", "HDF5/NetCDF file"),
                arguments("CDF\1\0\0\0\1", "NetCDF classic file"),
                arguments("II*\0", "TIFF file"),
                arguments("\u001f\u008b\b", "gzip stream"),
                arguments("sys_info" + "\0".repeat(249) + "ustar\00000", "first PyTorch releases"),
                arguments("\u0080\2\u008a\n\u006c\u00fc\u009c\u0046\u00f9\u0020\u006a\u00a8\u0050\u0018.",
                        "bare Python pickle"),
                arguments("version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
                arguments("<!DOCTYPE html><p>log in", "HTML page"),
                arguments("\u0080\4K\1.", "bare Python pickle"),
                arguments("", "is empty"),
                arguments("weights", "starts with bytes 77 65 69 67 68 74 73"));
    }

    @Test
    void missingFileAndFolderAreRefusedWithRemedy() {
        assertTrue(refusal(folder.resolve("absent.pth")).contains("does not exist. Check the path"));
        assertTrue(refusal(folder).contains("is a folder. Give the path of"));
    }

    @Test
    void unreadableFileIsRefusedWithRemedy() throws IOException {
        Path file = Files.write(folder.resolve("secret.pth"), new byte[9]);
        assumeTrue(file.toFile().setReadable(false), "this file system has no read permission");
        assumeFalse(Files.isReadable(file), "this user (root) may read everything");
        assertTrue(refusal(file).contains("Check its permissions"));
    }

    @Test
    void deviceIsRefusedInsteadOfReadForEver() {
        Path device = Path.of("/dev/zero");
        assumeTrue(Files.exists(device), "there is no /dev/zero");
        assertTrue(refusal(device).contains("no regular file"));
    }

    @Test
    void torchAndSafetensorsFormsOfTheReferenceModelAreEqual() {
        Optional<Path> model = GoldenFolder.shared("models").map(models -> models.resolve("climanet_sst"));
        assumeTrue(model.isPresent(), "../shared/models is absent");
        Checkpoint torch = Checkpoints.read(model.get().resolve("model.pth"));
        Checkpoint safetensors = Checkpoints.read(model.get().resolve("model.safetensors"));
        CheckpointsGoldenTest.assertSameTensors(safetensors, torch);
        for (String section : new String[] {"model_config", "normalization", "training"}) {
            assertTrue(torch.section(section).isPresent(), section);
            assertEquals(safetensors.section(section), torch.section(section));
        }
        assertFalse(torch.configuration().containsKey("model_state_dict"));
    }
}
