// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.layers.TokenGrid;
import io.gatun.models.terramind.PretrainingStatistics;
import io.gatun.models.terramind.Standardization;
import io.gatun.models.terramind.TerraMindConfig;
import io.gatun.models.terramind.TerraMindEncoderDecoder;
import io.gatun.models.terramind.TerraMindInputs;
import io.gatun.models.terramind.TerraMindModality;
import io.gatun.models.terramind.TerraMindViT;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SequencedMap;

/**
 * Thinking in Modalities (Jakubik et al. 2025), TerraTorch's {@code TerraMindTiM}: an encoder that first generates the
 * tokens of modalities that were not given, and encodes them with the others. The generator has weights of its own,
 * {@code sampler.model}, which training does not change. Random numbers are the same for all samples, so that features
 * do not depend on the batch, unless texts of different lengths are thought of: the encoder sees the padding behind the
 * shorter ones, as upstream's. Immutable; usable from many threads, each with a scope of its own.
 */
public final class TerraMindTiM implements Backbone {
    /** Tokens that upstream asks for of a text; fewer are written. */
    private static final int TEXT = 50;

    /** Name that the registers have in a dictionary. */
    private static final String REGISTERS = "register_tokens";

    private final TerraMindTiMConfig config;
    private final TerraMindConfig encoderConfig;
    private final TerraMindViT encoder;
    private final TerraMindEncoderDecoder generator;
    private final Map<String, Standardization> standardizations = new LinkedHashMap<>();

    private TerraMindTiM(Scope scope, StateDict state, TerraMindTiMConfig config) {
        this.config = config;
        this.encoderConfig = config.encoder();
        if (config.inputs().standardize()) {
            config.inputs().modalities().forEach((name, modality) -> Standardization.load(
                    scope, PretrainingStatistics.of(config.inputs().pretraining()), modality.key(), 0).ifPresent(
                            own -> standardizations.put(name, own)));
        }
        encoder = TerraMindViT.loader(encoderConfig).load(scope, state);
        generator = TerraMindEncoderDecoder.loader(config.generator()).load(scope, state.at("sampler.model"));
    }

    /**
     * A loader.
     *
     * @param config the arguments
     * @return builds the backbone from the weights of a {@code TerraMindTiM}; those of the published files go through
     *     {@link TerraMindGenerationCheckpoint} first
     */
    public static Loader<TerraMindTiM> loader(TerraMindTiMConfig config) {
        return (scope, state) -> new TerraMindTiM(scope, state, config);
    }

    /**
     * Generates what is not given, and runs the blocks.
     *
     * @param scope owns the result
     * @param input as for {@link TerraMindViT#forward}; a modality that would be generated may be given. {@code
     *     NAME_input_mask} counts for the encoder alone: the generator sees a text up to its end, the token 3
     * @return as {@link TerraMindViT#forward} has it, with the generated modalities behind those given; where they are
     *     not merged, of those given alone, as upstream
     * @throws io.gatun.core.ArgumentException if there is none of the modalities, one that is not known, or a value
     *     that is NaN, no token's number, or cannot be in the modality's unit
     * @throws io.gatun.core.ShapeException if an image has another number of bands or is of no whole patches, or
     *     modalities cannot be merged
     * @throws io.gatun.core.DTypeException if an image is not f32 or tokens are no integers
     * @throws io.gatun.core.DeviceMemoryException if memory does not suffice
     */
    @Override
    public List<Feature> forward(Scope scope, Input input) {
        return forward(scope, input, Optional.empty(), (_, _, _, _) -> { });
    }

    List<Feature> forward(Scope scope, Input input, Optional<GenerationSampler.Order> order,
            GenerationSampler.Trace trace) {
        TerraMindInputs inputs = TerraMindInputs.of(encoderConfig, encoder.tokenizers()::takes, input);
        try (PreparedInputs prepared =
                PreparedInputs.of(scope, encoderConfig, inputs, encoder.tokenizers(), standardizations, true)) {
            SequencedMap<String, Tensor> all = new LinkedHashMap<>(prepared.tensors());
            Set<String> given = new LinkedHashSet<>(all.keySet());
            SequencedMap<String, Tensor> thought = thought(scope, prepared, order, trace);
            try {
                all.putAll(thought);
                Map<String, Tensor> masks = new LinkedHashMap<>();
                inputs.masks().forEach((name, mask) -> masks.put(name + "_input_mask", mask));
                given.add(REGISTERS);
                return encoder.forward(scope, new Input(all, masks)).stream()
                        .map(feature -> only(feature, given)).toList();
            } finally {
                thought.values().forEach(Tensor::close);
            }
        }
    }

    /** Token numbers of what is not given. */
    private SequencedMap<String, Tensor> thought(Scope scope, PreparedInputs prepared,
            Optional<GenerationSampler.Order> order, GenerationSampler.Trace trace) {
        GenerationState state = prepared.state();
        TokenGrid grid = prepared.grid();
        List<String> given = List.copyOf(state.modalities().keySet());
        SequencedMap<String, TerraMindModality> wanted = new LinkedHashMap<>(config.settings().targets());
        wanted.values().removeIf(modality -> given.contains(modality.key()));
        wanted.values().forEach(modality -> {
            if (modality.kind().isImage()) {
                state.want(modality.key(), grid);
            } else {
                state.wantText(modality.key(), TEXT);
            }
        });
        Sampling sampling = new Sampling(config.settings().topK(), config.settings().topP(), config.settings().seed(),
                OptionalLong.empty());
        try (Scope work = Scope.open(scope.device())) {
            new GenerationSampler(generator, sampling, encoder.tokenizers()::sentinels, order, trace).generate(work,
                    state, config.settings().schedule(given, wanted.values().stream().map(TerraMindModality::key)
                            .toList(), grid.cells()));
        }
        SequencedMap<String, Tensor> thought = new LinkedHashMap<>();
        wanted.forEach((name, modality) -> {
            long[] ids = state.ids(modality.key());
            int length = ids.length / state.batch();
            if (modality.kind().isImage()) {
                thought.put(name, scope.of(ids, state.batch(), grid.height(), grid.width()));
            } else if (length > 0) {
                thought.put(name, scope.of(ids, state.batch(), length));
            }
        });
        return thought;
    }

    /** A dictionary of what was given, as upstream has it. */
    private static Feature only(Feature feature, Set<String> given) {
        return switch (feature) {
            case Feature.Single single -> single;
            case Feature.ByModality several -> {
                SequencedMap<String, Tensor> kept = new LinkedHashMap<>(several.values());
                kept.keySet().retainAll(given);
                yield new Feature.ByModality(kept);
            }
        };
    }

    @Override
    public List<Integer> outChannels() {
        return encoder.outChannels();
    }

    @Override
    public OptionalInt patchSize() {
        return encoder.patchSize();
    }

    @Override
    public Optional<Input> example(Scope scope) {
        return encoder.example(scope);
    }
}
