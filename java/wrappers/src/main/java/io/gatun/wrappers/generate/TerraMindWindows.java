// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Input;
import io.gatun.models.terramind.TerraMindModality;
import io.gatun.models.terramind.generation.GenerateOptions;
import io.gatun.models.terramind.generation.TerraMindGeneration;
import io.gatun.models.terramind.generation.TerraMindGenerationCheckpoint;
import io.gatun.models.terramind.generation.TerraMindGenerationConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** TerraMind, for windows of a scene. What is drawn at random in a window follows from the seed and its number. */
public final class TerraMindWindows implements WindowGenerator, AutoCloseable {
    private static final String OWN_NAMES = "sampler.model.";

    private final TerraMindGeneration model;

    /**
     * A generator.
     *
     * @param model closed with this
     */
    public TerraMindWindows(TerraMindGeneration model) {
        this.model = model;
    }

    /**
     * Loads the model.
     *
     * @param config what it is
     * @param pretrained a published file, or weights of a whole generator
     * @param tokenizers files of tokenizers by modality, in any spelling; those that the model has not are an error
     * @param device where to compute
     * @param precision arithmetic of the products
     * @return the generator
     * @throws io.gatun.core.CheckpointException if weights are in none of the files
     * @throws io.gatun.core.ArgumentException if a modality is unknown
     */
    public static TerraMindWindows open(TerraMindGenerationConfig config, Checkpoint pretrained,
            Map<String, Checkpoint> tokenizers, Device device, Precision precision) {
        Map<String, Checkpoint> byKey = new LinkedHashMap<>();
        tokenizers.forEach((name, file) -> byKey.put(TerraMindModality.target(name).key(), file));
        boolean whole = pretrained.tensors().keySet().stream().anyMatch(name -> name.startsWith(OWN_NAMES));
        Checkpoint weights =
                whole ? pretrained : TerraMindGenerationCheckpoint.of(pretrained, byKey, config).weights();
        Scope scope = Scope.open(device, precision);
        try {
            StateDict state = StateDict.of(weights);
            TerraMindGeneration model = TerraMindGeneration.loader(config).load(scope, state);
            state.finish();
            scope.sync();
            return new TerraMindWindows(model);
        } catch (RuntimeException | Error e) {
            scope.close();
            throw e;
        }
    }

    @Override
    public List<Output> outputs() {
        TerraMindGenerationConfig config = model.config();
        return config.settings().targets().entrySet().stream().map(target -> SceneModality.of(target.getKey()).output(
                config.inputs().tokenizers().images().get(target.getValue().key()).channels(),
                !config.inputs().standardize())).toList();
    }

    @Override
    public Map<String, Tensor> generate(Scope scope, SequencedMap<String, Tensor> inputs, long firstWindow) {
        return model.generate(scope, Input.of(inputs),
                GenerateOptions.defaults().withSeed(model.config().settings().seed(), firstWindow)).outputs();
    }

    @Override
    public void close() {
        model.close();
    }
}
