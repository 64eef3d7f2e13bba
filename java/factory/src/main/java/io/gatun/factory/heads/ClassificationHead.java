// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.heads;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.core.Kernels;
import io.gatun.core.Reduction;
import io.gatun.core.Reductions;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.factory.Head;
import io.gatun.factory.internal.Features;
import io.gatun.models.Arguments;
import io.gatun.models.Loader;
import io.gatun.models.layers.Linear;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The mean over all places and linear layers to class scores [B, classes], as TerraTorch's head of the same name. What
 * comes in is [B, C, ...]: a vector, tokens with their channels second, or a map.
 */
public final class ClassificationHead implements Head {
    private static final String NAME = "ClassificationHead";

    private final int inputs;
    private final Options options;
    private final List<Linear> hidden;
    private final Linear last;

    /**
     * Arguments.
     *
     * @param numClasses number of scores
     * @param dimList widths of the hidden layers, each with ReLU; none if empty
     * @param linearAfterPool whether the mean is taken before the hidden layers, and not behind them
     */
    public record Options(int numClasses, List<Integer> dimList, boolean linearAfterPool) {
        /** Copies the list and checks the numbers; throws {@link ArgumentException}. */
        public Options {
            dimList = List.copyOf(dimList);
            Features.requirePositive(NAME, "num_classes", numClasses);
            dimList.forEach(each -> Features.requirePositive(NAME, "one of dim_list", each));
        }

        /**
         * With what upstream does by default.
         *
         * @param numClasses number of scores
         * @return no hidden layers
         */
        public static Options of(int numClasses) {
            return new Options(numClasses, List.of(), false);
        }

        /**
         * Reads {@code num_classes}, {@code dim_list}, {@code linear_after_pool} and {@code dropout}, which has no
         * effect at inference.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if num_classes is missing, or one has another type or value
         */
        public static Options of(Arguments arguments) {
            Dropout.read(NAME, arguments);
            return new Options(arguments.integer("num_classes"), arguments.integers("dim_list").orElse(List.of()),
                    arguments.flag("linear_after_pool", false));
        }
    }

    private ClassificationHead(Scope scope, StateDict state, int inputs, Options options) {
        this.inputs = inputs;
        this.options = options;
        this.hidden = new ArrayList<>();
        int width = inputs;
        for (int next : options.dimList()) {
            hidden.add(Linear.load(scope, state.at("head.0." + hidden.size() + ".0"), width, next));
            width = next;
        }
        this.last = Linear.load(scope, state.at("head.2"), width, options.numClasses());
    }

    /**
     * Prepares the head. Its weights are {@code head.0.i.0} and {@code head.2}.
     *
     * @param channels of the feature
     * @param options arguments
     * @return its loader
     * @throws ArgumentException if there are no channels
     */
    public static Loader<Head> loader(int channels, Options options) {
        Features.requirePositive(NAME, "in_dim", channels);
        return (scope, state) -> new ClassificationHead(scope, state, channels, options);
    }

    @Override
    public Tensor forward(Scope scope, Tensor feature) {
        Tensor x = places(scope, feature);
        if (options.linearAfterPool()) {
            x = pooled(scope, x);
        }
        for (Linear layer : hidden) {
            try (Tensor input = x) {
                x = Kernels.linear(scope, input, layer.weight(), layer.bias(), Activation.RELU,
                        Optional.empty());
            }
        }
        // The last layer and the mean change places: it costs one product for each sample, not for each place.
        try (Tensor mean = options.linearAfterPool() ? x : pooled(scope, x)) {
            return last.apply(scope, mean);
        }
    }

    /** [B, N, C], whatever the axes behind the channels are. */
    private Tensor places(Scope scope, Tensor feature) {
        int rank = feature.shape().rank();
        if (rank < 2 || feature.dim(1) != inputs) {
            throw new ShapeException(NAME + ": the feature has shape " + feature.shape() + ", expected [B, " + inputs
                    + "], [B, " + inputs + ", N] or [B, " + inputs + ", H, W]");
        }
        int[] channelsLast = new int[rank];
        for (int axis = 1; axis < rank; axis++) {
            channelsLast[axis] = axis + 1 < rank ? axis + 1 : 1;
        }
        try (Tensor turned = feature.permute(channelsLast)) {
            return Features.reshape(scope, turned, feature.dim(0), -1, inputs);
        }
    }

    private static Tensor pooled(Scope scope, Tensor x) {
        try (x) {
            return Reductions.reduce(scope, x, 1, Reduction.MEAN);
        }
    }
}
