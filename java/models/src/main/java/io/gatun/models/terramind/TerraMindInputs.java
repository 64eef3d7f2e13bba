// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.DTypeException;
import io.gatun.core.NearestName;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.models.Input;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.BiPredicate;

/**
 * The modalities of an input, checked for type and shape.
 *
 * @param tensors by the names of the configuration, in the order of the tokens
 * @param masks of sequences, by the same names
 */
public record TerraMindInputs(SequencedMap<String, Tensor> tensors, Map<String, Tensor> masks) {
    /** Ends the name of what tells where a sequence has no token. */
    private static final String MASK = "_input_mask";

    /**
     * Checks an input.
     *
     * @param config what its modalities are
     * @param raw whether a tensor of a modality, by its key, goes through a tokenizer, which checks it
     * @param input by the names of the configuration; a single unnamed image is the first
     * @return its modalities
     * @throws ArgumentException if there is none of them, or one that is not known
     * @throws ShapeException if one has another shape than its modality
     * @throws DTypeException if one has another type
     */
    public static TerraMindInputs of(TerraMindConfig config, BiPredicate<String, Tensor> raw, Input input) {
        Map<String, TerraMindModality> known = config.modalities();
        SequencedMap<String, Tensor> all = new LinkedHashMap<>();
        if (input.isImage()) {
            all.put(config.modalities().firstEntry().getKey(), input.image());
        } else {
            all.putAll(input.modalities());
        }
        all.putAll(input.extras());
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, Tensor> masks = new LinkedHashMap<>();
        all.forEach((name, tensor) -> {
            String owner = name.endsWith(MASK) ? name.substring(0, name.length() - MASK.length()) : "";
            if (known.containsKey(name)) {
                tensors.put(name, raw.test(known.get(name).key(), tensor) ? tensor
                        : checked(name, known.get(name), tensor));
            } else if (known.containsKey(owner) && known.get(owner).kind() == TerraMindModality.Kind.SEQUENCE) {
                masks.put(owner, tensor);
            } else if (!config.ignoreUnknown()) {
                throw new ArgumentException("the input has \"" + name + "\", which is not among the modalities "
                        + String.join(", ", known.keySet()) + "; did you mean "
                        + NearestName.of(name, known.keySet()) + "? (ignore_unknown leaves it out)");
            }
        });
        if (tensors.isEmpty()) {
            throw new ArgumentException("No valid inputs provided: got " + String.join(", ", all.keySet())
                    + ", expected at least one of " + String.join(", ", known.keySet()));
        }
        requireOneBatch(tensors);
        return new TerraMindInputs(tensors, masks);
    }

    private static void requireOneBatch(SequencedMap<String, Tensor> tensors) {
        Map.Entry<String, Tensor> first = tensors.firstEntry();
        tensors.forEach((name, tensor) -> {
            if (tensor.dim(0) != first.getValue().dim(0)) {
                throw new ShapeException(name + " has shape " + tensor.shape() + " and " + first.getKey() + " "
                        + first.getValue().shape() + "; expected as many samples of each");
            }
        });
    }

    private static Tensor checked(String name, TerraMindModality modality, Tensor tensor) {
        switch (modality.kind()) {
            case IMAGE -> requireImage(name, modality, tensor);
            case TOKENS -> requireNumbers(name, tensor, "numbers of its tokenizer, one for each patch, [B, n, n] or [B,"
                    + " N]; tokenise the map first, load weights that have its tokenizer, or define a new modality {"
                    + name + ": channels}", 2, 3);
            case SEQUENCE -> {
                requireNumbers(name, tensor, "numbers of its text tokenizer, [B, L]; coordinates"
                        + " [B, 2] need the tokenizer in tokenizer_dict", 2, 2);
                if (tensor.dim(1) > TerraMindModality.MAX_SEQUENCE) {
                    throw new ShapeException(name + " has shape " + tensor.shape() + ", expected at most "
                            + TerraMindModality.MAX_SEQUENCE + " tokens, for which there are positions");
                }
            }
        }
        return tensor;
    }

    private static void requireImage(String name, TerraMindModality modality, Tensor tensor) {
        if (tensor.dtype() != DType.F32) {
            throw new DTypeException(name + " is " + tensor.dtype() + ", expected float32 images [B, C, H, W]");
        }
        if (tensor.shape().rank() != 4) {
            throw new ShapeException(name + " has shape " + tensor.shape() + ", expected [B, C, H, W]; several dates go"
                    + " through a TemporalWrapper");
        }
        if (tensor.dim(1) != modality.size()) {
            throw new ShapeException(name + " has shape " + tensor.shape() + ", " + tensor.dim(1)
                    + " channels; the patch embedding of " + modality.key() + " takes " + modality.size()
                    + (modality.bands().isEmpty() ? "" : ": " + String.join(", ", modality.bands()))
                    + ". Is it the image of another modality? A part of the bands is chosen by \"bands\"");
        }
        if (tensor.dim(0) < 1) {
            throw new ShapeException(name + " has shape " + tensor.shape() + ", expected at least one sample");
        }
    }

    private static void requireNumbers(String name, Tensor tensor, String expected, int least, int most) {
        if (tensor.dtype() != DType.I64 && tensor.dtype() != DType.I32) {
            throw new DTypeException(name + " is " + tensor.dtype() + " of shape " + tensor.shape()
                    + ", expected int64 " + expected);
        }
        int rank = tensor.shape().rank();
        if (rank < least || rank > most || tensor.shape().numElements() < 1) {
            throw new ShapeException(name + " has shape " + tensor.shape() + ", expected " + expected);
        }
    }
}
