// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.layers.LayerNorm;
import io.gatun.models.layers.TokenGrid;
import io.gatun.models.layers.TransformerBlock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.stream.IntStream;

/**
 * TerraMind's encoder (Jakubik et al. 2025) as TerraTorch's {@code TerraMindViT}: images, and numbers of tokenised
 * images and texts, of one or several modalities become tokens [B, L, E] of each block, without class token, those of
 * the last one normalised.
 */
public final class TerraMindViT implements Backbone {
    private final TerraMindConfig config;
    private final Optional<Tensor> missing;
    private final Optional<Tensor> registers;
    private final Map<String, TerraMindEmbedding> embeddings = new LinkedHashMap<>();
    private final List<TransformerBlock> blocks;
    private final Optional<LayerNorm> norm;
    private final TerraMindTokenizers tokenizers;
    private final Map<String, Standardization> rawStatistics = new LinkedHashMap<>();

    private TerraMindViT(Scope scope, StateDict state, TerraMindConfig config) {
        this.config = config;
        TerraMindSize size = config.size();
        missing = config.mergeMethod() == MergeMethod.CONCAT
                ? Optional.of(state.takeTensor(scope, "missing_mod_token", size.dim())) : Optional.empty();
        registers = size.numRegisterTokens() > 0
                ? Optional.of(state.takeTensor(scope, "register_tokens", 1, size.numRegisterTokens(), size.dim()))
                : Optional.empty();
        config.modalities().values().forEach(modality -> embeddings.computeIfAbsent(modality.key(), key ->
                TerraMindEmbedding.load(scope, state.at("encoder_embeddings").at(key), modality, size.dim(),
                        config.imgSize(), config.corrected(),
                        config.standardize() && modality.kind() == TerraMindModality.Kind.IMAGE
                                ? Optional.of(config.pretraining().statistics(modality)) : Optional.empty())));
        blocks = TransformerBlock.loadAll(scope, state.at("encoder"), size.encoderDepth(), size.block());
        norm = size.encoderNorm() ? Optional.of(LayerNorm.load(
                scope, state.at("encoder_norm"), size.dim(), size.eps(), size.normBias())) : Optional.empty();
        tokenizers = TerraMindTokenizers.loader(config.tokenizers(), embeddings.keySet())
                .load(scope, state.at("tokenizer"));
        if (config.standardize()) {
            tokenizers.images().keySet().forEach(key -> Standardization.load(
                    scope, PretrainingStatistics.of(config.pretraining()), key, 0)
                    .ifPresent(own -> rawStatistics.put(key, own)));
        }
    }

    /**
     * A loader.
     *
     * @param config the arguments
     * @return builds the backbone from the weights of a {@code TerraMindViT}; those of the published files go through
     *     {@link TerraMindCheckpoint} first
     */
    public static Loader<TerraMindViT> loader(TerraMindConfig config) {
        return (scope, state) -> new TerraMindViT(scope, state, config);
    }

    /**
     * Runs the blocks.
     *
     * @param scope owns the result
     * @param input the modalities there are, by the names of the configuration; their order is that of the tokens, and
     *     of what {@link MergeMethod#CONCAT} gives. A single unnamed image is the first modality. Extras are further
     *     modalities, as upstream's keywords; {@code NAME_input_mask} bool [B, L] tells where the sequence NAME has no
     *     token. Images are [B, C, H, W] f32, of multiples of the patch. Where there is the tokenizer of a modality of
     *     token numbers, its maps may be given too, as {@link TerraMindTokenizers} takes them
     * @return for each block tokens [B, N, E]; [B, N, modalities E] with {@link MergeMethod#CONCAT}; a tensor for each
     *     modality with {@link MergeMethod#DICT}
     * @throws io.gatun.core.ArgumentException if there is none of the modalities, one that is not known, or a value
     *     that cannot be in the modality's unit
     * @throws io.gatun.core.ShapeException if an image has another number of bands or is of no whole patches, or
     *     modalities cannot be merged
     * @throws io.gatun.core.DTypeException if an image is not f32 or tokens are no integers
     */
    @Override
    public List<Feature> forward(Scope scope, Input input) {
        TerraMindInputs inputs = TerraMindInputs.of(config, tokenizers::takes, input);
        if (config.standardize() && config.checkInputs() && !scope.device().isMeta()) {
            inputs.tensors().forEach((name, tensor) ->
                    TerraMindUnits.require(scope, name, config.modalities().get(name), tensor));
        }
        List<TerraMindMerge.Part> parts = new ArrayList<>();
        Tensor tokens = tokens(scope, inputs, parts);
        TerraMindMerge merge = TerraMindMerge.of(config, parts, missing);
        List<Integer> all = IntStream.range(0, blocks.size()).boxed().toList();
        SequencedMap<Integer, Tensor> outputs = TransformerBlock.applyAll(scope, blocks, tokens, all);
        List<Feature> features = new ArrayList<>();
        outputs.forEach((block, output) -> features.add(
                merge.apply(scope, block == blocks.size() - 1 ? normalised(scope, output) : output)));
        return features;
    }

    /**
     * What makes token numbers of maps and coordinates.
     *
     * @return those whose weights were there
     */
    public TerraMindTokenizers tokenizers() {
        return tokenizers;
    }

    private Tensor normalised(Scope scope, Tensor output) {
        if (norm.isEmpty()) {
            return output;
        }
        try (output) {
            return norm.get().apply(scope, output);
        }
    }

    /** Registers, then the tokens of each modality. */
    private Tensor tokens(Scope scope, TerraMindInputs inputs, List<TerraMindMerge.Part> parts) {
        List<Tensor> pieces = new ArrayList<>();
        long batch = inputs.tensors().firstEntry().getValue().dim(0);
        registers.ifPresent(own -> pieces.add(own.expand(batch, own.dim(1), own.dim(2))));
        long length = config.size().numRegisterTokens();
        for (Map.Entry<String, Tensor> each : inputs.tensors().entrySet()) {
            TerraMindModality modality = config.modalities().get(each.getKey());
            Tensor piece = piece(scope, modality.key(), each.getValue(),
                    Optional.ofNullable(inputs.masks().get(each.getKey())));
            parts.add(new TerraMindMerge.Part(each.getKey(), modality, length, piece.dim(1)));
            length += piece.dim(1);
            pieces.add(piece);
        }
        return pieces.size() == 1 ? pieces.getFirst() : joined(scope, pieces, length);
    }

    private Tensor piece(Scope scope, String key, Tensor input, Optional<Tensor> mask) {
        if (!tokenizers.takes(key, input)) {
            return embeddings.get(key).apply(scope, input, mask);
        }
        try (Tensor numbers = numbers(scope, key, input)) {
            return embeddings.get(key).apply(scope, numbers, mask);
        }
    }

    private Tensor numbers(Scope scope, String key, Tensor input) {
        if (!rawStatistics.containsKey(key)) {
            return tokenizers.tokens(scope, key, input);
        }
        try (Tensor standard = rawStatistics.get(key).apply(scope, input)) {
            return tokenizers.tokens(scope, key, standard);
        }
    }

    private Tensor joined(Scope scope, List<Tensor> pieces, long length) {
        Tensor tokens = scope.empty(DType.F32, pieces.getFirst().dim(0), length, config.size().dim());
        long first = 0;
        for (Tensor piece : pieces) {
            try (piece; Tensor place = tokens.slice(1, first, first + piece.dim(1))) {
                Kernels.copy(scope, piece, place);
                first += piece.dim(1);
            }
        }
        return tokens;
    }

    @Override
    public List<Integer> outChannels() {
        int wide = config.mergeMethod() == MergeMethod.CONCAT ? config.imageModalities() : 1;
        return Collections.nCopies(blocks.size(), config.size().dim() * wide);
    }

    /** That of the first modality of images. */
    @Override
    public OptionalInt patchSize() {
        return config.modalities().values().stream().filter(modality -> modality.kind().isImage())
                .mapToInt(TerraMindModality::patchSize).findFirst();
    }

    /** One image of each modality of them, without a name if the first is the only one; else token numbers. */
    @Override
    public Optional<Input> example(Scope scope) {
        SequencedMap<String, Tensor> images = new LinkedHashMap<>();
        config.modalities().forEach((name, modality) -> {
            if (modality.kind() == TerraMindModality.Kind.IMAGE) {
                TokenGrid grid = modality.grid(config.imgSize());
                images.put(name, scope.empty(DType.F32, 1, modality.size(), (long) grid.height() * modality.patchSize(),
                        (long) grid.width() * modality.patchSize()));
            }
        });
        if (images.size() == 1 && images.containsKey(config.modalities().firstEntry().getKey())) {
            return Optional.of(Input.of(images.firstEntry().getValue()));
        }
        if (images.isEmpty()) {
            config.modalities().forEach((name, modality) -> {
                int cells = modality.kind().isImage() ? modality.grid(config.imgSize()).cells() : 1;
                images.put(name, scope.empty(DType.I64, 1, cells));
            });
        }
        return Optional.of(Input.of(images));
    }
}
