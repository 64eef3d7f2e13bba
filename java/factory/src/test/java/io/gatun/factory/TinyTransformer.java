// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.PatchEmbedOptions;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.Validity;
import io.gatun.core.Weights;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.layers.LayerNorm;
import io.gatun.models.layers.Linear;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The backbone of the golden family {@code encoder_decoder}: patches to tokens, positions, a class token in front if
 * asked for, then layers of x + mlp(norm(x)), each of which is a feature.
 */
final class TinyTransformer implements Backbone {
    private static final int POSITIONS = 64;

    private final Shape shape;
    private final Weights patches;
    private final Tensor patchBias;
    private final Tensor positions;
    private final Optional<Tensor> cls;
    private final List<Layer> layers;

    record Shape(int channels, int dim, int depth, boolean cls, int patch) {}

    private record Layer(LayerNorm norm, Linear up, Linear down) {}

    private TinyTransformer(Scope scope, StateDict state, Shape shape) {
        this.shape = shape;
        int dim = shape.dim();
        Tensor kernel = state.takeTensor(
                scope, "patch_embed.weight", dim, shape.channels(), shape.patch(), shape.patch());
        patches = Kernels.linearWeights(scope, kernel.reshape(dim, -1));
        patchBias = state.takeTensor(scope, "patch_embed.bias", dim);
        positions = state.takeTensor(scope, "pos", 1, POSITIONS, dim);
        cls = shape.cls() ? Optional.of(state.takeTensor(scope, "cls", 1, 1, dim)) : Optional.empty();
        layers = IntStream.range(0, shape.depth()).mapToObj(i -> {
            StateDict mlp = state.at("mlp").at("" + i);
            return new Layer(LayerNorm.load(scope, state.at("norm").at("" + i), dim),
                    Linear.load(scope, mlp.at("0"), dim, 2L * dim), Linear.load(scope, mlp.at("2"), 2L * dim, dim));
        }).toList();
    }

    static Loader<TinyTransformer> loader(Shape shape) {
        return (scope, state) -> new TinyTransformer(scope, state, shape);
    }

    @Override
    public List<Feature> forward(Scope scope, Input input) {
        Tensor embedded = Kernels.patchEmbed(scope, input.image().unsqueeze(2), Optional.empty(), patches,
                Optional.of(patchBias), Optional.empty(), Optional.empty(),
                new PatchEmbedOptions(1, shape.patch(), shape.patch(), Validity.NONE, 0));
        Tensor tokens = Kernels.add(scope, embedded, positions.slice(1, 0, embedded.dim(1)));
        if (cls.isPresent()) {
            Tensor all = scope.empty(DType.F32, tokens.dim(0), tokens.dim(1) + 1, tokens.dim(2));
            Kernels.copy(scope, cls.get().expand(tokens.dim(0), 1, tokens.dim(2)), all.slice(1, 0, 1));
            Kernels.copy(scope, tokens, all.slice(1, 1, all.dim(1)));
            tokens = all;
        }
        List<Tensor> outputs = new ArrayList<>();
        for (Layer layer : layers) {
            Tensor hidden = layer.up().applyGelu(scope, layer.norm().apply(scope, tokens));
            tokens = layer.down().applyTo(scope, hidden, tokens);
            outputs.add(tokens);
        }
        return Feature.of(outputs);
    }

    @Override
    public List<Integer> outChannels() {
        return Collections.nCopies(shape.depth(), shape.dim());
    }

    @Override
    public Optional<Input> example(Scope scope) {
        long side = 4L * shape.patch();
        return Optional.of(Input.of(scope.empty(DType.F32, 1, shape.channels(), side, side)));
    }
}
