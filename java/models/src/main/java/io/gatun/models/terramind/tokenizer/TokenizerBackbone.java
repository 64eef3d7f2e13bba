// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.Checkpoint;
import io.gatun.core.DType;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.models.Arguments;
import io.gatun.models.Backbone;
import io.gatun.models.Extent;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.layers.ChannelsLast;
import io.gatun.models.layers.TokenGrid;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** A tokenizer without its decoder as a backbone, upstream's {@code VQBackbone}. */
public final class TokenizerBackbone implements Backbone {
    /** What it gives. */
    public enum ReturnType {
        /** Maps [B, E, rows, columns] of each block. */
        EMBEDDING,
        /** One map of the latent, [B, levels, rows, columns], before it is quantised. */
        LATENT,
        /** One map of the tokens' codes, [B, levels, rows, columns], 0 to 1. */
        QUANTIZED
    }

    private final TokenizerConfig config;
    private final ReturnType returnType;
    private final TokenizerEncoder encoder;

    private TokenizerBackbone(Scope scope, StateDict state, TokenizerConfig config, ReturnType returnType) {
        this.config = config;
        this.returnType = returnType;
        this.encoder = new TokenizerEncoder(scope, state, config);
    }

    /**
     * A loader.
     *
     * @param config the tokenizer
     * @param returnType what it gives
     * @return builds the backbone from the weights of the part before the tokens; those of a published file go through
     *     {@link #weights} first
     */
    public static Loader<TokenizerBackbone> loader(TokenizerConfig config, ReturnType returnType) {
        return (scope, state) -> new TokenizerBackbone(scope, state, config, returnType);
    }

    /**
     * A loader by upstream's name.
     *
     * @param name one of {@link TokenizerConfig#backboneNames()}
     * @param arguments those of {@link TokenizerConfig#of(String, Arguments)}, and {@code return_type}: embedding (if
     *     absent), latent or quantized. The caller finishes them
     * @return as {@link #loader(TokenizerConfig, ReturnType)}
     * @throws io.gatun.core.ArgumentException if an argument has a wrong value
     */
    public static Loader<TokenizerBackbone> loader(String name, Arguments arguments) {
        return loader(TokenizerConfig.of(name, arguments),
                arguments.choice("return_type", ReturnType.class, ReturnType.EMBEDDING));
    }

    /**
     * The backbone's part of a published file.
     *
     * @param tokenizer weights of a whole tokenizer
     * @return the same without the decoder, and without what leads to it
     */
    public static Checkpoint weights(Checkpoint tokenizer) {
        Map<String, TensorData> own = new LinkedHashMap<>(tokenizer.tensors());
        own.keySet().removeIf(name -> name.startsWith("decoder.") || name.startsWith("post_quant_proj."));
        return new Checkpoint(tokenizer.source(), tokenizer.digest(), own, tokenizer.configuration());
    }

    /**
     * Runs the encoder.
     *
     * @param scope owns the result
     * @param input one image as {@link TerraMindTokenizer#encode} takes it
     * @return maps, by the return type
     */
    @Override
    public List<Feature> forward(Scope scope, Input input) {
        Tensor image = input.image();
        int depth = config.encoder().depth();
        TokenGrid grid = encoder.grid(image);
        if (returnType == ReturnType.EMBEDDING) {
            List<Tensor> maps = new ArrayList<>();
            encoder.layers(scope, image, IntStream.range(0, depth).boxed().toList()).values().forEach(tokens -> {
                try (tokens) {
                    maps.add(grid.toMap(scope, tokens));
                }
            });
            return Feature.of(maps);
        }
        try (Tensor tokens = encoder.layers(scope, image, List.of(depth - 1)).get(depth - 1)) {
            Tensor latent = encoder.latent(scope, tokens, grid);
            if (returnType == ReturnType.LATENT) {
                return Feature.of(List.of(ChannelsLast.intoMap(latent)));
            }
            try (latent) {
                FiniteScalarQuantizer.Quantized quantized = encoder.quantize(scope, latent);
                quantized.numbers().close();
                return Feature.of(List.of(ChannelsLast.intoMap(quantized.codes())));
            }
        }
    }

    @Override
    public List<Integer> outChannels() {
        return returnType == ReturnType.EMBEDDING
                ? Collections.nCopies(config.encoder().depth(), config.encoder().dim())
                : List.of(config.levels().size());
    }

    @Override
    public OptionalInt patchSize() {
        return OptionalInt.of(config.encodedPatch());
    }

    @Override
    public Optional<Input> example(Scope scope) {
        TokenGrid grid = config.encoderImageSize().grid(Extent.of(config.patchSize()));
        long height = (long) grid.height() * config.encodedPatch();
        long width = (long) grid.width() * config.encodedPatch();
        return Optional.of(Input.of(config.labels().isPresent() ? scope.empty(DType.I64, 1, height, width)
                : scope.empty(DType.F32, 1, config.channels(), height, width)));
    }
}
