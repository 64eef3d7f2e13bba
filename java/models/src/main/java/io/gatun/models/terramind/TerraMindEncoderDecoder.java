// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Loader;
import io.gatun.models.layers.LayerNorm;
import io.gatun.models.layers.Linear;
import io.gatun.models.layers.TokenGrid;
import io.gatun.models.layers.TransformerBlock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * TerraMind's encoder and decoder (Jakubik et al. 2025), TerraTorch's {@code TerraMind}: from images and tokens that
 * are known to scores of the vocabulary for tokens that are not. A {@link #context} is made once; any number of
 * {@link #patchLogits} and {@link #nextLogits} read it. Immutable; usable from many threads, each with a scope of its
 * own.
 */
public final class TerraMindEncoderDecoder {
    private final TerraMindEncoderDecoderConfig config;
    private final Map<String, TerraMindEmbedding> inputs = new LinkedHashMap<>();
    private final Map<String, DecoderEmbedding> targets = new LinkedHashMap<>();
    private final Optional<Tensor> registers;
    private final List<TransformerBlock> encoder;
    private final LayerNorm encoderNorm;
    private final Linear projContext;
    private final List<DecoderBlock> decoder = new ArrayList<>();
    private final LayerNorm decoderNorm;

    private TerraMindEncoderDecoder(Scope scope, StateDict state, TerraMindEncoderDecoderConfig config) {
        this.config = config;
        TransformerBlock.Options block = config.size().block();
        int embed = config.size().dim();
        float[] maskToken = state.takeFloats("mask_token", 1, 1, embed);
        registers = config.size().numRegisterTokens() > 0 ? Optional.of(state.takeTensor(
                scope, "register_tokens", 1, config.size().numRegisterTokens(), embed)) : Optional.empty();
        config.inputs().forEach((key, modality) -> inputs.put(key, TerraMindEmbedding.load(scope,
                state.at("encoder_embeddings").at(key), modality, embed, config.imgSize(),
                config.corrected(), Optional.empty())));
        config.targets().forEach((key, modality) -> targets.put(key, DecoderEmbedding.load(scope,
                state.at("decoder_embeddings").at(key), modality, embed, config.imgSize(),
                inputs.containsKey(key) && config.decoder().shareModalityEmbeddings(), config.corrected(),
                maskToken)));
        encoder = TransformerBlock.loadAll(scope, state.at("encoder"), config.size().encoderDepth(), block);
        encoderNorm = block.norm(scope, state.at("encoder_norm"), embed);
        projContext = Linear.load(scope, state.at("decoder_proj_context"), embed, embed);
        for (int i = 0; i < config.decoderDepth(); i++) {
            decoder.add(DecoderBlock.load(scope, state.at("decoder").at(Integer.toString(i)), block));
        }
        decoderNorm = block.norm(scope, state.at("decoder_norm"), embed);
    }

    /**
     * A loader.
     *
     * @param config the arguments
     * @return builds the model from the weights of a {@code TerraMind}, which may be a published file
     */
    public static Loader<TerraMindEncoderDecoder> loader(TerraMindEncoderDecoderConfig config) {
        return (scope, state) -> new TerraMindEncoderDecoder(scope, state, config);
    }

    /**
     * The arguments.
     *
     * @return as given to {@link #loader}
     */
    public TerraMindEncoderDecoderConfig config() {
        return config;
    }

    /**
     * What the encoder sees of a modality.
     *
     * @param key among {@link TerraMindEncoderDecoderConfig#inputs}
     * @param tensor [B, C, H, W] f32, or numbers [B, rows, columns] or [B, N] of patches, or [B, L] of a text
     * @param hidden for each token of each sample, row-major, whether it is hidden; empty where none is
     */
    public record Visible(String key, Tensor tensor, Optional<boolean[]> hidden) {}

    /**
     * Runs the encoder on the tokens that are not hidden, and makes what the decoder needs of them.
     *
     * @param scope owns the result
     * @param batch samples of each input
     * @param visible what there is to see; their order does not count, but for rounding
     * @return keys and values, which the caller may close
     * @throws ArgumentException if the encoder has no embedding of an input
     * @throws io.gatun.core.ShapeException if an image is of no whole patches, or numbers without rows and columns are
     *     no square
     * @throws io.gatun.core.DeviceMemoryException if memory does not suffice
     */
    public TerraMindContext context(Scope scope, int batch, List<Visible> visible) {
        return context(scope, batch, visible, Optional.empty());
    }

    /** The same of a number of tokens, the first of those that are not hidden, then hidden ones. */
    TerraMindContext context(Scope scope, int batch, List<Visible> visible, Optional<Long> wanted) {
        TokenRows tokens = new TokenRows(batch);
        TokenRows positions = new TokenRows(batch);
        try (tokens; positions) {
            registers.ifPresent(own -> {
                tokens.add(own.expand(batch, own.dim(1), own.dim(2)), Optional.empty());
                positions.add(scope.zeros(1, own.dim(1), own.dim(2)), Optional.empty());
            });
            for (Visible each : visible) {
                TerraMindEmbedding embedding = inputs.get(each.key());
                if (embedding == null) {
                    throw new ArgumentException("the encoder takes " + String.join(", ", inputs.keySet()) + ", got "
                            + each.key());
                }
                try (Mask mask = Mask.of(scope, config.inputs().get(each.key()), each)) {
                    tokens.add(embedding.apply(scope, each.tensor(), mask.tensor()), each.hidden());
                    positions.add(embedding.positions(scope, each.tensor(), mask.tensor()), Optional.empty());
                }
            }
            boolean[] hidden = tokens.hidden();
            long own = registers.map(each -> each.dim(1)).orElse(0L);
            return context(scope, tokens, positions, wanted.map(most -> TokenSelection.first(hidden, batch, own + most))
                    .orElseGet(() -> TokenSelection.visible(hidden, batch)));
        }
    }

    /** Only sequences count their places without what is hidden. */
    private record Mask(Optional<Tensor> tensor) implements AutoCloseable {
        static Mask of(Scope scope, TerraMindModality modality, Visible each) {
            return new Mask(each.hidden().filter(_ -> modality.kind() == TerraMindModality.Kind.SEQUENCE)
                    .map(hidden -> scope.ofBooleans(hidden, each.tensor().shape().toArray())));
        }

        @Override
        public void close() {
            tensor.ifPresent(Tensor::close);
        }
    }

    private TerraMindContext context(Scope scope, TokenRows tokens, TokenRows positions, TokenSelection kept) {
        if (kept.count() == 0) {
            return new TerraMindContext(tokens.batch(), List.of(), Optional.empty());
        }
        Optional<Tensor> mask = kept.all() ? Optional.empty()
                : Optional.of(scope.ofBooleans(kept.visible(), tokens.batch(), 1, kept.count()));
        try (Tensor encoded = encoded(scope, tokens.select(scope, kept), mask);
                Tensor context = projContext.apply(scope, encoded); Tensor places = positions.select(scope, kept)) {
            Kernels.add(scope, context, places, context);
            List<Tensor> both = new ArrayList<>();
            decoder.forEach(block -> both.add(block.keysAndValues(scope, context)));
            return new TerraMindContext(tokens.batch(), both, mask);
        }
    }

    private Tensor encoded(Scope scope, Tensor tokens, Optional<Tensor> mask) {
        Tensor current = tokens;
        for (TransformerBlock block : encoder) {
            try (Tensor done = current) {
                current = block.apply(scope, done, mask);
            }
        }
        try (Tensor last = current) {
            return encoderNorm.apply(scope, last);
        }
    }

    /**
     * Scores of the vocabulary for patches of an image that is to be found. Patches see each other, without what is
     * known of them: those that are known are in the context.
     *
     * @param scope owns the result
     * @param context what there is to see
     * @param key among {@link TerraMindEncoderDecoderConfig#targets}, patches of an image
     * @param grid its rows and columns of patches
     * @param places [B, M] row-major: which patches, along the rows
     * @return [B, M, V] f32
     * @throws ArgumentException if the decoder does not find this modality, or it is a text
     * @throws io.gatun.core.DeviceMemoryException if memory does not suffice
     */
    public Tensor patchLogits(Scope scope, TerraMindContext context, String key, TokenGrid grid, long[] places) {
        if (!(target(key) instanceof DecoderEmbedding.Image image)) {
            throw new ArgumentException(key + " is a sequence, which has no patches; use nextLogits");
        }
        Tensor starts = DecoderEmbedding.starts(scope, image, grid, places, context.batch());
        try (Tensor decoded = decoded(scope, starts, context, Optional.empty())) {
            return image.toLogits().apply(scope, decoded);
        }
    }

    private DecoderEmbedding target(String key) {
        DecoderEmbedding target = targets.get(key);
        if (target == null) {
            throw new ArgumentException("the decoder finds " + String.join(", ", targets.keySet()) + ", asked for "
                    + key);
        }
        return target;
    }

    /** The blocks on y [B, M, E], which is closed. */
    Tensor decoded(Scope scope, Tensor y, TerraMindContext context, Optional<Tensor> mask) {
        Tensor current = y;
        for (int i = 0; i < decoder.size(); i++) {
            try (Tensor done = current) {
                current = decoder.get(i).apply(scope, done, mask, context, i);
            }
        }
        try (Tensor last = current) {
            return decoderNorm.apply(scope, last);
        }
    }

    /** Tokens of a text that have been decoded, for each block [B, L, 3E]. */
    public static final class Sequence implements AutoCloseable {
        private final List<Tensor> blocks = new ArrayList<>();
        private int length;

        private Sequence(Scope scope, TerraMindEncoderDecoder model, int batch, int most) {
            for (int i = 0; i < model.decoder.size(); i++) {
                blocks.add(scope.empty(DType.F32, batch, most, 3L * model.config.size().dim()));
            }
        }

        @Override
        public void close() {
            blocks.forEach(Tensor::close);
        }
    }

    /**
     * Begins a text.
     *
     * @param scope owns its memory
     * @param batch samples
     * @param most tokens that it may have
     * @return a text without tokens, which the caller may close
     */
    public Sequence sequence(Scope scope, int batch, int most) {
        return new Sequence(scope, this, batch, most);
    }

    /**
     * Scores of the vocabulary for the next token of a text, after those given to earlier calls and this one.
     *
     * @param scope owns the result
     * @param context what there is to see
     * @param key among {@link TerraMindEncoderDecoderConfig#targets}, a sequence
     * @param text what came before; it becomes one longer
     * @param ids [B] the last token
     * @return [B, V] f32
     * @throws ArgumentException if the decoder does not find this modality, or it is an image
     * @throws io.gatun.core.DeviceMemoryException if memory does not suffice
     */
    public Tensor nextLogits(Scope scope, TerraMindContext context, String key, Sequence text, long[] ids) {
        if (!(target(key) instanceof DecoderEmbedding.Sequence sequence)) {
            throw new ArgumentException(key + " is an image, which has no next token; use patchLogits");
        }
        long[] places = new long[ids.length];
        Arrays.fill(places, text.length);
        Tensor current = sequence.tokens(scope, ids, places, ids.length);
        for (int i = 0; i < decoder.size(); i++) {
            try (Tensor done = current) {
                current = decoder.get(i).applyNext(scope, done, text.blocks.get(i), text.length, context, i);
            }
        }
        text.length++;
        try (Tensor last = current; Tensor normal = decoderNorm.apply(scope, last);
                Tensor logits = sequence.toLogits().apply(scope, normal)) {
            return logits.reshape(ids.length, -1);
        }
    }

    /**
     * One pass over masked modalities, as in training: upstream's {@code forward} with {@code return_logits}.
     *
     * @param scope owns the result
     * @param batch samples of each modality
     * @param given by the keys of the inputs and targets; the order of the targets is that of the decoder's tokens
     * @param encoderTokens how many tokens the encoder takes of each sample: those it may see, in their order, then
     *     others, which do not count
     * @param decoderTokens how many tokens the decoder takes of each sample: those to be found, then others
     * @return for each target [B, M, V] f32, the scores of all of the decoder's tokens
     */
    public SequencedMap<String, Tensor> logits(Scope scope, int batch, SequencedMap<String, MaskedModality> given,
            long encoderTokens, long decoderTokens) {
        return new MaskedForward(this, scope, batch).logits(given, encoderTokens, decoderTokens);
    }

    Map<String, TerraMindEmbedding> inputEmbeddings() {
        return inputs;
    }

    Map<String, DecoderEmbedding> targetEmbeddings() {
        return targets;
    }
}
