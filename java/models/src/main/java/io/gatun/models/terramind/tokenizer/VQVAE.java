// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Extent;
import io.gatun.models.layers.ChannelsLast;
import io.gatun.models.layers.Linear;
import io.gatun.models.layers.TokenGrid;
import java.util.ArrayList;
import java.util.List;

/** A tokenizer with a plain decoder, upstream's {@code VQVAE}: that of LULC, whose channels are scores of classes. */
public final class VQVAE extends TerraMindTokenizer {
    private final int patch;
    private final Linear postQuantProj;
    private final TokenizerTransformer transformer;
    private final Linear outProj;
    private final List<ConvNeXtBlock> outConv = new ArrayList<>();

    VQVAE(Scope scope, StateDict state, TokenizerConfig config, TokenizerConfig.Plain plain) {
        super(scope, state, config);
        int dim = plain.size().dim();
        postQuantProj = Linear.loadConv1x1(scope, state.at("post_quant_proj"), config.levels().size(), dim);
        StateDict decoder = state.at("decoder");
        transformer = TokenizerTransformer.load(
                scope, decoder, plain.size(), plain.imageSize().grid(Extent.of(plain.patchSize())), config.postMlp());
        patch = config.patchProj() ? plain.patchSize() : 1;
        outProj = Linear.load(scope, decoder.at("out_proj"), dim,
                (long) config.decodedChannels() * patch * patch);
        for (int i = 0; plain.outConv() && i < 2; i++) {
            outConv.add(ConvNeXtBlock.load(scope, decoder.at("out_conv." + i), config.decodedChannels()));
        }
    }

    @Override
    public Tensor decodeQuant(Scope scope, Tensor quantized, DecodeOptions options) {
        requireCodes(quantized);
        TokenGrid grid = new TokenGrid(1, (int) quantized.dim(2), (int) quantized.dim(3));
        try (Tensor tokens = tokens(scope, quantized, grid); Tensor patches = outProj.apply(scope, tokens);
                Tensor cells = patches.reshape(patches.dim(0), grid.height(), grid.width(), patches.dim(2))) {
            Tensor map = PatchedUNet.unpatched(scope, cells, config().decodedChannels(), patch);
            return outConv.isEmpty() ? map : refined(scope, map);
        }
    }

    /** What the transformer makes of codes, [B, N, E]. */
    private Tensor tokens(Scope scope, Tensor quantized, TokenGrid grid) {
        try (Tensor last = ChannelsLast.of(scope, quantized);
                Tensor flat = last.reshape(last.dim(0), grid.cells(), last.dim(3));
                Tensor table = transformer.positions().table(scope, grid)) {
            Tensor tokens = postQuantProj.apply(scope, flat);
            Kernels.add(scope, tokens, table, tokens);
            return transformer.apply(scope, tokens);
        }
    }

    private Tensor refined(Scope scope, Tensor map) {
        try (map; Tensor image = map.permute(0, 2, 3, 1); Tensor once = outConv.getFirst().apply(scope, image)) {
            return ChannelsLast.intoMap(outConv.getLast().apply(scope, once));
        }
    }

    @Override
    public Tensor decodeTokens(Scope scope, Tensor tokens, DecodeOptions options) {
        try (Tensor quantized = tokensToEmbedding(scope, tokens)) {
            return decodeQuant(scope, quantized, options);
        }
    }

    @Override
    public Tensor reconstruct(Scope scope, Tensor image, DecodeOptions options) {
        try (Encoded encoded = encode(scope, image)) {
            return decodeQuant(scope, encoded.quantized(), options);
        }
    }
}
