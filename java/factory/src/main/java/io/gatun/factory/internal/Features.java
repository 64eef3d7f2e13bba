// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.internal;

import io.gatun.core.ArgumentException;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.models.layers.ChannelsLast;
import java.util.List;

/** Picks and checks features. All tensors given are new handles, to be closed or given on. */
public final class Features {
    private Features() {}

    /**
     * One of a list, by Python's rule for negative numbers.
     *
     * @param owner whose argument it is, for messages
     * @param key the argument's name
     * @param index 0 and up from the front, -1 and down from the back
     * @param list features or their channels
     * @param <T> what is listed
     * @return the element
     * @throws ArgumentException if there is none
     */
    public static <T> T at(String owner, String key, int index, List<T> list) {
        int place = index < 0 ? index + list.size() : index;
        if (place < 0 || place >= list.size()) {
            throw new ArgumentException(owner + ": " + key + " has " + index + ", and there are " + list.size()
                    + " features" + (list.isEmpty() ? "" : "; expected " + -list.size() + " to " + (list.size() - 1)));
        }
        return list.get(place);
    }

    /**
     * Refuses channels that cannot be.
     *
     * @param owner for messages
     * @param channels of each feature
     * @throws ShapeException if there are none, or some below 1
     */
    public static void requireChannels(String owner, List<Integer> channels) {
        if (channels.isEmpty() || channels.stream().anyMatch(c -> c < 1)) {
            throw new ShapeException(owner + ": the features have channels " + channels
                    + ", expected at least one feature and at least 1 channel in each");
        }
    }

    /**
     * Refuses a number below 1.
     *
     * @param owner for messages
     * @param key name of the argument
     * @param value its value
     * @throws ArgumentException if it is below 1
     */
    public static void requirePositive(String owner, String key, int value) {
        if (value < 1) {
            throw new ArgumentException(owner + ": " + key + " is " + value + ", expected at least 1");
        }
    }

    /**
     * Refuses another number of features.
     *
     * @param owner for messages
     * @param features what is there
     * @param wanted how many are expected
     * @throws ShapeException if there are more or fewer
     */
    public static void requireCount(String owner, List<Tensor> features, int wanted) {
        if (features.size() != wanted) {
            throw new ShapeException(owner + ": " + features.size() + " features came, " + wanted + " were announced");
        }
    }

    /**
     * A map as the kernels take it.
     *
     * @param scope owns the result
     * @param owner for messages
     * @param map [B, channels, H, W], any strides
     * @param channels how many are expected
     * @return [B, H, W, channels], dense
     * @throws ShapeException if it is something else
     */
    public static Tensor image(Scope scope, String owner, Tensor map, int channels) {
        if (map.shape().rank() != 4 || map.dim(1) != channels) {
            throw new ShapeException(owner + ": a feature has shape " + map.shape() + ", expected [B, " + channels
                    + ", H, W]" + hint(map));
        }
        return ChannelsLast.of(scope, map);
    }

    /**
     * A map as the kernels take it, of any channels.
     *
     * @param scope owns the result
     * @param owner for messages
     * @param map [B, C, H, W], any strides
     * @return [B, H, W, C], dense
     * @throws ShapeException if it is something else
     */
    public static Tensor image(Scope scope, String owner, Tensor map) {
        if (map.shape().rank() != 4) {
            throw new ShapeException(owner + ": a feature has shape " + map.shape() + ", expected a map [B, C, H, W]"
                    + hint(map));
        }
        return ChannelsLast.of(scope, map);
    }

    private static String hint(Tensor feature) {
        return feature.shape().rank() == 3 ? "; the neck ReshapeTokensToImage makes maps of tokens [B, L, C]" : "";
    }

    /**
     * Elements in memory order.
     *
     * @param scope owns the result
     * @param tensor any strides
     * @param shape of the result; one extent may be -1
     * @return a dense tensor of that shape; a view where the memory is so already
     */
    public static Tensor reshape(Scope scope, Tensor tensor, long... shape) {
        if (tensor.isDense()) {
            return tensor.reshape(shape);
        }
        try (Tensor copied = Kernels.copy(scope, tensor)) {
            return copied.reshape(shape);
        }
    }
}
