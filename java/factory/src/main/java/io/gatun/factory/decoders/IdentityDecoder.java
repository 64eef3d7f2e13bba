// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.ArgumentException;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.factory.Decoder;
import io.gatun.factory.internal.Features;
import io.gatun.models.Arguments;
import java.util.List;

/**
 * One of the features as it is, as TerraTorch's decoder of the same name.
 *
 * @param options which one
 * @param outChannels channels of the feature
 */
public record IdentityDecoder(Options options, int outChannels) implements Decoder {
    /**
     * Arguments.
     *
     * @param outIndex number of the feature; negative ones count from the last
     */
    public record Options(int outIndex) {
        /**
         * Upstream's.
         *
         * @return the last feature
         */
        public static Options defaults() {
            return new Options(-1);
        }

        /**
         * Reads {@code out_index}.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if it is no integer
         */
        public static Options of(Arguments arguments) {
            return new Options(arguments.integer("out_index", -1));
        }
    }

    /**
     * Prepares the decoder.
     *
     * @param channels of the features
     * @param options arguments
     * @return its loader
     * @throws ArgumentException if there is no such feature
     */
    public static DecoderLoader loader(List<Integer> channels, Options options) {
        int out = Features.at("IdentityDecoder", "out_index", options.outIndex(), channels);
        return DecoderLoader.of(out, (_, _) -> new IdentityDecoder(options, out));
    }

    @Override
    public Tensor forward(Scope scope, List<Tensor> features) {
        return Features.at("IdentityDecoder", "out_index", options.outIndex(), features);
    }
}
