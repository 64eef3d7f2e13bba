// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.terramind.TerraMindModality;
import io.gatun.models.terramind.generation.GenerateOptions;
import io.gatun.models.terramind.generation.TerraMindGeneration;
import io.gatun.models.terramind.generation.TerraMindGenerationCheckpoint;
import io.gatun.models.terramind.generation.TerraMindGenerationConfig;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

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
     * Checks which tokenizers are given, before any file is read.
     *
     * @param config the model
     * @param given their modalities, in any spelling; none where the weights are those of a whole generator
     * @throws ArgumentException if one is unknown, not needed or there twice, or some of those that are needed are not
     *     there
     */
    public static void requireTokenizers(TerraMindGenerationConfig config, Collection<String> given) {
        Map<String, String> needed = config.tokenized();
        Map<String, String> byKey = new LinkedHashMap<>();
        for (String name : given) {
            String key = TerraMindModality.target(name).key();
            if (!needed.containsKey(key)) {
                throw new ArgumentException("the tokenizer of " + name + " is not needed, only those of "
                        + String.join(", ", needed.values()) + "; leave --tokenizer " + name + " out");
            }
            String other = byKey.put(key, name);
            if (other != null) {
                throw new ArgumentException("there are two tokenizers of " + key + ", as " + other + " and as " + name
                        + "; give one");
            }
        }
        if (!given.isEmpty()) {
            requireAll(needed, byKey.keySet());
        }
    }

    private static void requireAll(Map<String, String> needed, Set<String> given) {
        List<String> missing = needed.entrySet().stream().filter(each -> !given.contains(each.getKey())).map(
                each -> each.getValue() + " needs its tokenizer: --tokenizer " + each.getValue() + "=FILE").toList();
        if (!missing.isEmpty()) {
            throw new ArgumentException(String.join("; ", missing));
        }
    }

    /**
     * Loads the model.
     *
     * @param config what it is
     * @param pretrained a published file, or weights of a whole generator, which has tokenizers
     * @param tokenizers files of tokenizers by modality, in any spelling
     * @param device where to compute
     * @param precision arithmetic of the products
     * @return the generator
     * @throws io.gatun.core.CheckpointException if weights are in none of the files
     * @throws ArgumentException if there are other tokenizers than are needed, see {@link #requireTokenizers}
     */
    public static TerraMindWindows open(TerraMindGenerationConfig config, Checkpoint pretrained,
            Map<String, Checkpoint> tokenizers, Device device, Precision precision) {
        requireTokenizers(config, tokenizers.keySet());
        Map<String, Checkpoint> byKey = new LinkedHashMap<>();
        tokenizers.forEach((name, file) -> byKey.put(TerraMindModality.target(name).key(), file));
        boolean whole = pretrained.tensors().keySet().stream().anyMatch(name -> name.startsWith(OWN_NAMES));
        if (whole && !tokenizers.isEmpty()) {
            throw new ArgumentException(pretrained.source() + " has tokenizers of its own; leave --tokenizer out");
        } else if (!whole) {
            requireAll(config.tokenized(), byKey.keySet());
        }
        Checkpoint weights =
                whole ? pretrained : TerraMindGenerationCheckpoint.of(pretrained, byKey, config).weights();
        return new TerraMindWindows(Loader.open(TerraMindGeneration.loader(config), weights, device, precision));
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
