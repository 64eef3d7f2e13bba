// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.gatun.cli.bench.Forward;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import io.gatun.data.safetensors.SafetensorsFile;
import io.gatun.models.Arguments;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TerraMind's generation in PyTorch, which Gatun is measured against, is upstream's and Gatun's. */
class GenerationPeerTest {
    private static final Map<String, Integer> BLOCKS = Map.of("dim_tokens", 64, "depth", 2, "num_heads", 2);

    @TempDir
    private Path folder;

    @Test
    void thePeersGiveUpstreamsStoredResults() throws Exception {
        String said = PeerPython.run(folder, "versus.py", "--check");
        assumeFalse(said.contains("not compared with upstream"), said);
        assertEquals(3, said.lines().filter(line -> line.contains(" gives upstream's results on ")).count(), said);
    }

    @Test
    void bothEnginesGiveTheSameClasses() throws Exception {
        compare("generate_smoke_lulc", Shape.of(2, 10, 224, 224), "tok_lulc@224", TokenizerConfig.of(
                "terramind_v1_tokenizer_lulc", Arguments.of("", Map.of("encoder", BLOCKS, "decoder", BLOCKS))));
    }

    /** By diffusion, from the same noise. */
    @Test
    void bothEnginesGiveTheSameImages() throws Exception {
        compare("generate_smoke_s1grd", Shape.of(2, 2, 224, 224), "tok_sen1grd@224", TokenizerConfig.of(
                "terramind_v1_tokenizer_s1grd", Arguments.of("", Map.of(
                        "encoder", BLOCKS, "unet", Map.of("model_channels", 32, "num_res_blocks", 1)))));
    }

    private void compare(String workload, Shape shape, String key, TokenizerConfig tokenizer) throws Exception {
        Path file = folder.resolve(workload + ".safetensors");
        Path result = folder.resolve("result.safetensors");
        PeerPython.run(folder, "workloads.py", workload, file);
        PeerPython.run(folder, "torch_loop.py", file, result);
        TensorData theirs = SafetensorsFile.read(result).tensors().get("maps");
        WorkloadFile ours = WorkloadFile.read(file);
        try (Forward forward = Forward.of(
                with(ours.weights(), key, tokenizer), ours.input(), Device.cpu(), Precision.STRICT)) {
            TensorData maps = forward.maps();
            assertEquals(shape, maps.shape());
            assertTrue(OnnxRuntimeComparison.difference(maps, theirs).startsWith("The maps differ by up to "));
            assertTrue(forward.time().whole() > 0);
        }
    }

    /** The small tokenizer, which a file's arguments cannot tell. */
    private static Checkpoint with(Checkpoint weights, String key, TokenizerConfig tokenizer) {
        Map<String, Object> arguments = new LinkedHashMap<>(weights.section("backbone_args").orElseThrow());
        arguments.put("tokenizer_dict", Map.of(key, tokenizer));
        return new Checkpoint(weights.source(), weights.digest(), weights.tensors(),
                Map.of("backbone_args", arguments));
    }
}
