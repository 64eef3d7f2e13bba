// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.ArgumentException;
import io.gatun.core.ShapeException;
import io.gatun.factory.internal.Features;
import io.gatun.models.Arguments;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Arguments of {@link ASPPHead}.
 *
 * @param kind which of upstream's three classes
 * @param channels of each branch, upstream's {@code channels}
 * @param outputs channels of the result: {@code num_classes}, {@code out_channels}, or those of the branches
 * @param dilations of the branches; 1 is a 1x1 convolution, any other a 3x3 one
 * @param inChannels of the input, if it is to be checked
 * @param alignCorners of the enlargements (bilinear)
 * @param resizeConcat whether several maps are put side by side, upstream's input_transform {@code resize_concat}
 * @param inIndex numbers of the features, one unless {@code resizeConcat}; negative ones count from the last
 */
public record ASPPOptions(Kind kind, int channels, int outputs, List<Integer> dilations, OptionalInt inChannels,
        boolean alignCorners, boolean resizeConcat, List<Integer> inIndex) {
    /** Upstream's classes. */
    public enum Kind {
        /** {@code ASPPHead}, for a head behind it. */
        FEATURES("ASPPHead", ""),
        /** {@code ASPPSegmentationHead}, with a head. */
        SEGMENTATION("ASPPSegmentationHead", "conv_seg"),
        /** {@code ASPPRegressionHead}; upstream puts a head behind it nevertheless. */
        REGRESSION("ASPPRegressionHead", "conv_reg");

        private final String upstreamName;
        private final String weights;

        Kind(String upstreamName, String weights) {
            this.upstreamName = upstreamName;
            this.weights = weights;
        }

        /**
         * The class.
         *
         * @return its name
         */
        public String upstreamName() {
            return upstreamName;
        }

        Optional<String> weights() {
            return weights.isEmpty() ? Optional.empty() : Optional.of(weights);
        }
    }

    /** Copies the lists and checks the values; throws {@link ArgumentException}. */
    public ASPPOptions {
        String owner = kind.upstreamName();
        dilations = List.copyOf(dilations);
        inIndex = List.copyOf(inIndex);
        Features.requirePositive(owner, "channels", channels);
        Features.requirePositive(owner, "the number of results", outputs);
        dilations.forEach(each -> Features.requirePositive(owner, "one of dilations", each));
        if (inIndex.isEmpty() || (!resizeConcat && inIndex.size() > 1)) {
            throw new ArgumentException(owner + ": in_index is " + inIndex
                    + ", expected one number, or several with input_transform resize_concat");
        }
    }

    /**
     * With what upstream does by default.
     *
     * @param kind which class
     * @param channels of each branch
     * @return dilations 1, 6, 12 and 18 on the last feature; 2 classes or 1 result
     */
    public static ASPPOptions of(Kind kind, int channels) {
        int outputs = switch (kind) {
            case FEATURES -> channels;
            case SEGMENTATION -> 2;
            case REGRESSION -> 1;
        };
        return new ASPPOptions(kind, channels, outputs, List.of(1, 6, 12, 18), OptionalInt.empty(), false, false,
                List.of(-1));
    }

    /**
     * Reads {@code channels}, {@code dilations}, {@code in_channels}, {@code align_corners}, {@code input_transform},
     * {@code in_index}, {@code head_dropout_ratio} (no effect at inference), and {@code out_dim} (no effect),
     * {@code num_classes} or {@code out_channels}.
     *
     * @param arguments upstream's
     * @param kind which class
     * @return the options
     * @throws ArgumentException if channels are missing, one has another type or value, or input_transform is
     *     {@code multiple_select}, which fails upstream
     */
    public static ASPPOptions of(Arguments arguments, Kind kind) {
        ASPPOptions defaults = of(kind, arguments.integer("channels"));
        arguments.number("head_dropout_ratio", 0.3);
        String transform = arguments.text("input_transform", "").toLowerCase(Locale.ROOT);
        if (!transform.isEmpty() && !transform.equals("resize_concat")) {
            throw new ArgumentException(kind.upstreamName() + ": input_transform is " + transform
                    + ", expected resize_concat or none");
        }
        int outputs = switch (kind) {
            case FEATURES -> {
                arguments.integer("out_dim", 3);
                yield defaults.outputs();
            }
            case SEGMENTATION -> arguments.integer("num_classes", defaults.outputs());
            case REGRESSION -> arguments.integer("out_channels", defaults.outputs());
        };
        OptionalInt inChannels = arguments.value("in_channels").isPresent()
                ? OptionalInt.of(arguments.integer("in_channels")) : OptionalInt.empty();
        return new ASPPOptions(kind, defaults.channels(), outputs,
                arguments.integers("dilations").orElse(defaults.dilations()), inChannels,
                arguments.flag("align_corners", false), !transform.isEmpty(),
                arguments.integers("in_index").orElse(defaults.inIndex()));
    }

    /** Channels of the input. */
    int inputs(List<Integer> features) {
        int inputs = inIndex.stream().mapToInt(i -> Features.at(kind.upstreamName(), "in_index", i, features)).sum();
        if (inChannels.isPresent() && inChannels.getAsInt() != inputs) {
            throw new ShapeException(kind.upstreamName() + ": in_channels is " + inChannels.getAsInt()
                    + ", and the features in_index " + inIndex + " have " + inputs + " of the channels " + features);
        }
        return inputs;
    }
}
