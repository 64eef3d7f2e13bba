// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Loader;
import io.gatun.models.Model;

/**
 * A tokenizer of images as TerraMind has one for each modality: upstream's {@code VQVAE} and {@code DiVAE}. Images are
 * standardised by the statistics of pretraining before and are so afterwards; LULC is a map of class numbers or of one
 * channel for each class, and comes back as scores of the classes.
 *
 * <p>Immutable after loading; its methods may be called from many threads, each with a scope of its own. Closing it
 * closes the scope that it was loaded in: a model that has several in one scope closes them all before that.
 */
public abstract sealed class TerraMindTokenizer implements Model permits VQVAE, DiVAE {
    private final Scope weights;
    private final TokenizerConfig config;
    private final TokenCodes codes;

    TerraMindTokenizer(Scope scope, StateDict state, TokenizerConfig config) {
        this.weights = scope;
        this.config = config;
        codes = new TokenCodes(new TokenizerEncoder(scope, state, config), config);
    }

    /**
     * What an image becomes.
     *
     * @param quantized codes of the tokens, [B, levels, rows, columns], 0 to 1
     * @param tokens token numbers, int64 [B, rows, columns]
     */
    public record Encoded(Tensor quantized, Tensor tokens) implements AutoCloseable {
        @Override
        public void close() {
            quantized.close();
            tokens.close();
        }
    }

    /**
     * A loader.
     *
     * @param config the arguments
     * @return builds the tokenizer from upstream's weights
     */
    public static Loader<TerraMindTokenizer> loader(TokenizerConfig config) {
        return (scope, state) -> config.decoder() instanceof TokenizerConfig.Plain plain
                ? new VQVAE(scope, state, config, plain)
                : new DiVAE(scope, state, config, (TokenizerConfig.Diffusion) config.decoder());
    }

    /**
     * Loads a checkpoint.
     *
     * @param checkpoint upstream's weights
     * @param config the arguments
     * @param device where they go
     * @param precision arithmetic of the products
     * @return the tokenizer, to be closed
     * @throws io.gatun.core.CheckpointException if weights are missing, of another shape, or not the tokenizer's
     */
    public static TerraMindTokenizer load(
            Checkpoint checkpoint, TokenizerConfig config, Device device, Precision precision) {
        return Loader.open(loader(config), checkpoint, device, precision);
    }

    @Override
    public Device device() {
        return weights.device();
    }

    @Override
    public Precision precision() {
        return weights.precision();
    }

    /**
     * The arguments.
     *
     * @return the configuration
     */
    public TokenizerConfig config() {
        return config;
    }

    /**
     * Upstream's name.
     *
     * @return for example {@code terramind_v1_tokenizer_s2l2a}
     */
    public String name() {
        return config.name();
    }

    /**
     * Tokens of an image.
     *
     * @param scope owns the result
     * @param image [B, C, H, W] f32 of whole patches; of a tokenizer of classes also their numbers, [B, H, W] or
     *     [B, 1, H, W], int64 or f32
     * @return codes and numbers
     * @throws io.gatun.core.ShapeException if the image has another number of channels or no whole patches
     * @throws io.gatun.core.DTypeException if it has another type
     * @throws io.gatun.core.ArgumentException if it has NaN, or class numbers that are none of the classes
     */
    public Encoded encode(Scope scope, Tensor image) {
        return codes.encode(scope, image);
    }

    /**
     * Token numbers of an image.
     *
     * @param scope owns the result
     * @param image as {@link #encode} takes it
     * @return int64 [B, rows, columns]
     */
    public Tensor tokenize(Scope scope, Tensor image) {
        Encoded encoded = encode(scope, image);
        encoded.quantized().close();
        return encoded.tokens();
    }

    /**
     * Codes of token numbers.
     *
     * @param scope owns the result
     * @param tokens int64 [B, rows, columns]
     * @return [B, levels, rows, columns], 0 to 1
     * @throws io.gatun.core.ArgumentException if a number is not in the code book
     * @throws io.gatun.core.ShapeException if the numbers are no maps
     */
    public Tensor tokensToEmbedding(Scope scope, Tensor tokens) {
        return codes.embedding(scope, tokens);
    }

    /**
     * An image of codes. Without an image size a DiVAE gives one of the size of its training, as upstream, or of the
     * size of the tokens where the configuration is corrected.
     *
     * @param scope owns the result
     * @param quantized [B, levels, rows, columns]
     * @param options how a DiVAE decodes
     * @return [B, C, H, W], a view of channels-last memory
     * @throws io.gatun.core.ShapeException if the codes have another number of channels, or noise, mask or size do not
     *     fit
     */
    public abstract Tensor decodeQuant(Scope scope, Tensor quantized, DecodeOptions options);

    /**
     * An image of token numbers, of the size of the tokens unless the options have another.
     *
     * @param scope owns the result
     * @param tokens int64 [B, rows, columns]
     * @param options how a DiVAE decodes
     * @return [B, C, H, W], a view of channels-last memory
     * @throws io.gatun.core.ArgumentException if a number is not in the code book
     * @throws io.gatun.core.ShapeException if noise, mask or size do not fit
     */
    public abstract Tensor decodeTokens(Scope scope, Tensor tokens, DecodeOptions options);

    /**
     * The image that is left of an image: encoded and decoded, upstream's {@code forward}. A DiVAE makes a square of
     * the image's columns of it, as upstream, unless the options have a size or the configuration is corrected.
     *
     * @param scope owns the result
     * @param image as {@link #encode} takes it
     * @param options how a DiVAE decodes
     * @return [B, C, H, W], a view of channels-last memory
     */
    public abstract Tensor reconstruct(Scope scope, Tensor image, DecodeOptions options);

    /** Refuses what are no codes of this tokenizer. */
    final void requireCodes(Tensor quantized) {
        codes.requireCodes(quantized);
    }

    @Override
    public void close() {
        weights.close();
    }
}
