// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.DeviceMemoryException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Kernels;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Backbone;
import io.gatun.models.Extent;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.Model;
import io.gatun.models.layers.TokenGrid;
import io.gatun.models.terramind.PretrainingStatistics;
import io.gatun.models.terramind.Standardization;
import io.gatun.models.terramind.TerraMindEncoderDecoder;
import io.gatun.models.terramind.TerraMindInputs;
import io.gatun.models.terramind.TerraMindModality;
import io.gatun.models.terramind.TerraMindTokenizers;
import io.gatun.models.terramind.tokenizer.DecodeOptions;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.SequencedSet;

/**
 * Any-to-any generation (Jakubik et al. 2025), TerraTorch's {@code TerraMindGeneration}: from any of its inputs to all
 * of its outputs, by way of tokens. Immutable; usable from many threads, each with a scope of its own.
 *
 * <p>The same seed gives the same result, whatever the batch: random numbers belong to a sample, not to its place in a
 * batch. A call that fails, as where memory ends, gives back all that it took.
 *
 * <p>Closing it closes the scope that it was loaded in. Closing that scope alone leaves the recorded graphs of its
 * tokenizers: a generator of the registry of backbones is closed itself, before its scope.
 */
public final class TerraMindGeneration implements Backbone, Model {
    private final Scope weights;
    private final TerraMindGenerationConfig config;
    private final TerraMindEncoderDecoder network;
    private final TerraMindTokenizers tokenizers;
    private final Map<String, Standardization> ofInputs;
    private final Map<String, Standardization> ofOutputs;
    private final boolean unitsAreKnown;

    private TerraMindGeneration(Scope scope, StateDict state, TerraMindGenerationConfig config) {
        this.weights = scope;
        this.config = config;
        ofInputs = standardizations(scope, config, config.inputs().modalities());
        ofOutputs = standardizations(scope, config, config.settings().targets());
        unitsAreKnown = config.statistics().equals(PretrainingStatistics.of(config.inputs().pretraining()));
        network = TerraMindEncoderDecoder.loader(config.network()).load(scope, state.at("sampler.model"));
        SequencedSet<String> keys = new LinkedHashSet<>(config.network().inputs().keySet());
        keys.addAll(config.network().targets().keySet());
        tokenizers = TerraMindTokenizers.loader(config.inputs().tokenizers().attached(true), keys)
                .load(scope, state.at("tokenizer"));
    }

    /** By name: one name may be an input of other bands than the output, as S2L1C, which is generated as S2L2A. */
    private static Map<String, Standardization> standardizations(
            Scope scope, TerraMindGenerationConfig config, Map<String, TerraMindModality> modalities) {
        Map<String, Standardization> all = new LinkedHashMap<>();
        modalities.forEach((name, modality) -> {
            double[] offset = config.offset().getOrDefault(name, List.of(0.0)).stream().mapToDouble(value -> value)
                    .toArray();
            String key = key(Optional.ofNullable(config.inputs().modalities().get(name)), modality);
            Standardization.load(scope, config.statistics(), key, offset).ifPresent(own -> all.put(name, own));
        });
        return all;
    }

    /** Upstream looks for the statistics of an output by the key of the input of the same name, if there is one. */
    private static String key(Optional<TerraMindModality> input, TerraMindModality modality) {
        return input.map(TerraMindModality::key).filter(key -> key.equals("un" + modality.key()))
                .orElse(modality.key());
    }

    /**
     * A loader.
     *
     * @param config the arguments
     * @return builds the generator from {@code sampler.model} and {@code tokenizer} of upstream's weights; published
     *     files go through {@link TerraMindGenerationCheckpoint} first
     */
    public static Loader<TerraMindGeneration> loader(TerraMindGenerationConfig config) {
        return (scope, state) -> new TerraMindGeneration(scope, state, config);
    }

    /**
     * The arguments.
     *
     * @return the configuration
     */
    public TerraMindGenerationConfig config() {
        return config;
    }

    /**
     * What makes token numbers of maps and coordinates, and images of token numbers.
     *
     * @return those of inputs and outputs
     */
    public TerraMindTokenizers tokenizers() {
        return tokenizers;
    }

    /**
     * Generates all outputs.
     *
     * @param scope owns the result
     * @param input some of the modalities, see {@link TerraMindInputs}: images of whole patches, maps of LULC and NDVI,
     *     token numbers, coordinates. An output has the size of the last image, 224 x 224 without one; rows and columns
     *     in multiples of 32, unless LULC is the only image among the outputs
     * @param options what is not as configured
     * @return images [B, C, H, W], coordinates, captions, and the tokens of all of them; its tensors, the tokens too,
     *     belong to the caller's scope, and the caller may close them
     * @throws io.gatun.core.ArgumentException if there is none of the modalities, one that is not known, one that is to
     *     be generated, or a value that is NaN, no token's number, or cannot be in the modality's unit
     * @throws io.gatun.core.ShapeException if an image has another number of bands, no whole patches, or a size that an
     *     output cannot have
     * @throws io.gatun.core.DTypeException if an image is not f32
     * @throws DeviceMemoryException if memory does not suffice
     * @throws InterruptedRunException if the thread is interrupted
     */
    public Generated generate(Scope scope, Input input, GenerateOptions options) {
        return generate(scope, input, options, Optional.empty(), (_, _, _, _) -> { });
    }

    Generated generate(Scope scope, Input input, GenerateOptions options, Optional<GenerationSampler.Order> order,
            GenerationSampler.Trace trace) {
        TerraMindInputs inputs = TerraMindInputs.of(config.inputs(), tokenizers::takes, input);
        PreparedInputs.refuseMasks(inputs);
        options.timesteps().ifPresent(config::requireTimesteps);
        try {
            return generate(scope, inputs, options, order, trace);
        } catch (DeviceMemoryException e) {
            if (!tokenizers.clearGraphs()) {
                throw e;
            }
            scope.sync(); // it may be what keeps a graph's memory
            return generate(scope, inputs, options, order, trace);
        }
    }

    private Generated generate(Scope scope, TerraMindInputs inputs, GenerateOptions options,
            Optional<GenerationSampler.Order> order, GenerationSampler.Trace trace) {
        boolean standardize = options.standardize().orElse(config.inputs().standardize());
        long seed = options.seed().orElse(config.settings().seed());
        // What is made on the way is in a scope of its own, so that nothing is left where something fails.
        try (Scope work = Scope.open(scope.device())) {
            GenerationState state;
            TokenGrid grid;
            try (PreparedInputs prepared = PreparedInputs.of(
                    work, config.inputs(), inputs, tokenizers, standardize ? ofInputs : Map.of(), unitsAreKnown)) {
                grid = prepared.grid();
                prepared.requireDecodable(config.settings().targets());
                state = prepared.state();
                List<String> given = List.copyOf(state.modalities().keySet());
                config.settings().targets().values().forEach(modality -> want(state, modality, grid));
                Sampling sampling = new Sampling(config.settings().topK(), config.settings().topP(), seed,
                        OptionalLong.of(options.firstSample()));
                new GenerationSampler(network, sampling, tokenizers::sentinels, order, trace).generate(work, state,
                        config.settings().schedule(given, List.copyOf(config.network().targets().keySet()),
                                grid.cells()));
            }
            return new Decoding(scope, work, state, grid, standardize ? ofOutputs : Map.of(),
                    DecodeOptions.defaults().withTimesteps(options.timesteps().orElse(config.timesteps())), seed,
                    options.firstSample()).all();
        }
    }

    static void want(GenerationState state, TerraMindModality modality, TokenGrid grid) {
        if (modality.kind().isImage()) {
            state.want(modality.key(), grid);
        } else {
            state.wantText(modality.key(), modality.maxTokens());
        }
    }

    /** Makes images of tokens; results go into the caller's scope. */
    private final class Decoding {
        private final Scope scope;
        private final Scope work;
        private final GenerationState state;
        private final TokenGrid grid;
        private final Map<String, Standardization> standard;
        private final DecodeOptions options;
        private final long seed;
        private final long firstSample;

        Decoding(Scope scope, Scope work, GenerationState state, TokenGrid grid, Map<String, Standardization> standard,
                DecodeOptions options, long seed, long firstSample) {
            this.scope = scope;
            this.work = work;
            this.state = state;
            this.grid = grid;
            this.standard = standard;
            this.options = options;
            this.seed = seed;
            this.firstSample = firstSample;
        }

        Generated all() {
            SequencedMap<String, Tensor> outputs = new LinkedHashMap<>();
            SequencedMap<String, List<String>> texts = new LinkedHashMap<>();
            SequencedMap<String, Tensor> tokens = new LinkedHashMap<>();
            try {
                config.settings().targets().forEach((name, modality) -> {
                    InterruptedRunException.throwIfInterrupted(
                            "generating " + name + " was interrupted; start it again");
                    tokens.put(name, tokens(modality));
                    switch (modality.key()) {
                        case "caption" -> texts.put(name, captions(tokens.get(name)));
                        case "coords" -> outputs.put(
                                name, tokenizers.coordinates().orElseThrow().decode(scope, tokens.get(name)));
                        default -> outputs.put(name, image(name, modality.key(), tokens.get(name), tokens.size()));
                    }
                });
                return new Generated(outputs, texts, tokens);
            } catch (RuntimeException | Error e) {
                outputs.values().forEach(Tensor::close);
                tokens.values().forEach(Tensor::close);
                throw e;
            }
        }

        private Tensor tokens(TerraMindModality modality) {
            long[] ids = state.ids(modality.key());
            return modality.kind().isImage() ? scope.of(ids, state.batch(), grid.height(), grid.width())
                    : scope.of(ids, state.batch(), ids.length / state.batch());
        }

        private List<String> captions(Tensor tokens) {
            try (Tensor mask = work.ofBooleans(state.hidden("caption"), tokens.shape().toArray())) {
                return tokenizers.captions().orElseThrow().decode(work, tokens, Optional.of(mask));
            }
        }

        /** Each output has random numbers of its own. */
        private Tensor image(String name, String key, Tensor tokens, int number) {
            DecodeOptions own = options.withSeed(seed ^ number * 0x9E3779B97F4A7C15L, firstSample);
            try (Tensor image = tokenizers.images().get(key).decodeTokens(work, tokens, own)) {
                if (!standard.containsKey(name)) {
                    return Kernels.copy(scope, image);
                }
                return standard.get(name).undo(scope, image);
            }
        }
    }

    /**
     * All images and coordinates as one feature: {@link #generate} as configured. Captions are no tensors, {@link
     * #generate} alone has them.
     *
     * @param scope owns the result
     * @param input as for {@link #generate}
     * @return a tensor for each output but captions
     * @throws ArgumentException if captions are all that is generated, or as {@link #generate}
     */
    @Override
    public List<Feature> forward(Scope scope, Input input) {
        SequencedMap<String, TerraMindModality> targets = config.settings().targets();
        if (targets.values().stream().allMatch(modality -> modality.key().equals("caption"))) {
            throw new ArgumentException("the generator makes " + String.join(", ", targets.keySet())
                    + ", which is text and no feature; call generate");
        }
        Generated generated = generate(scope, input, GenerateOptions.defaults());
        generated.tokens().values().forEach(Tensor::close);
        return List.of(new Feature.ByModality(generated.outputs()));
    }

    /**
     * There are none: upstream's generators have no features either.
     *
     * @throws ArgumentException always
     */
    @Override
    public List<Integer> outChannels() {
        throw new ArgumentException("a generator gives images, "
                + String.join(", ", config.settings().targets().keySet())
                + ", and no features for a neck or a decoder; take the backbone of the same size, or its _tim, which"
                + " encodes what it generates");
    }

    /** One image of each modality of them. */
    @Override
    public Optional<Input> example(Scope scope) {
        Extent image = config.inputs().imgSize();
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        config.inputs().modalities().forEach((name, modality) -> {
            if (modality.kind() == TerraMindModality.Kind.IMAGE) {
                tensors.put(name, scope.empty(DType.F32, 1, modality.size(), image.height(), image.width()));
            }
        });
        return tensors.isEmpty() ? Optional.empty() : Optional.of(Input.of(tensors));
    }

    @Override
    public Device device() {
        return weights.device();
    }

    @Override
    public Precision precision() {
        return weights.precision();
    }

    @Override
    public void close() {
        tokenizers.close();
        weights.close();
    }
}
