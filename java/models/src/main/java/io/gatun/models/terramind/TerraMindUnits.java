// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Reduction;
import io.gatun.core.Reductions;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.models.Input;

/** Whether the values of an input can be in the unit of pretraining. It waits for the device. */
public final class TerraMindUnits {
    /** Above any reflectance and any standardised value, below what an image that is not black has. */
    private static final float SMALL = 30;

    private TerraMindUnits() {}

    /**
     * Checks digital numbers of Sentinel-2 (reflectance times 10000), RGB from 0 to 255, backscatter in dB, elevation
     * in metres, token numbers of the published vocabularies, and NDVI from -1 to 1. Modalities that are not pretrained
     * may have any values, but not NaN or infinity.
     *
     * @param scope where it runs
     * @param input by the names of the configuration, or a single unnamed image
     * @param config the encoder
     * @throws ArgumentException if a value cannot be right; it says which unit it seems to be
     */
    public static void require(Scope scope, Input input, TerraMindConfig config) {
        TerraMindInputs inputs = TerraMindInputs.of(config,
                (key, tensor) -> config.tokenizers().knows(key) && TerraMindTokenizers.isRaw(tensor), input);
        inputs.tensors().forEach((name, tensor) -> require(scope, name, config.modalities().get(name), tensor));
    }

    /**
     * Checks one input.
     *
     * @param scope where it runs
     * @param name for messages
     * @param modality what it is
     * @param tensor pixels, token numbers, or a map that goes through a tokenizer
     * @throws ArgumentException if a value cannot be right; it says which unit it seems to be
     */
    public static void require(Scope scope, String name, TerraMindModality modality, Tensor tensor) {
        float low = extreme(scope, tensor, Reduction.MIN);
        float high = extreme(scope, tensor, Reduction.MAX);
        String found = found(name, low, high);
        if (modality.kind() != TerraMindModality.Kind.IMAGE && !TerraMindTokenizers.isRaw(tensor)) {
            requireRange(found, low, high, 0, modality.size() - 1f, "token numbers below " + modality.size());
            return;
        }
        switch (modality.key().startsWith("tok_") ? "un" + modality.key() : modality.key()) {
            case "untok_sen2l2a@224", "untok_sen2l1c@224" -> {
                String unit = "digital numbers of Sentinel-2, reflectance times 10000";
                refuse(found, high > 0 && high <= SMALL, unit, "reflectance or standardised values; multiply"
                        + " reflectance by 10000; standardised values are taken without standardize"
                        + " (--no-standardize)");
                requireRange(found, low, high, -1000, 65535, unit);
            }
            case "untok_sen2rgb@224" -> {
                refuse(found, high > 0 && high <= 1, "colours from 0 to 255",
                        "colours from 0 to 1; multiply them by 255");
                requireRange(found, low, high, 0, 255, "colours from 0 to 255");
            }
            case "untok_sen1grd@224", "untok_sen1rtc@224" -> {
                refuse(found, low >= 0 && high > 0, "backscatter in dB, most of it negative",
                        "linear backscatter; take 10 log10 of it");
                requireRange(found, low, high, -100, 60, "backscatter in dB; fill missing values first");
            }
            case "untok_dem@224" -> requireRange(found, low, high, -1000, 9000,
                    "elevation in metres; fill missing values first");
            case "untok_ndvi@224" -> requireRange(found, low, high, -1, 1, "NDVI");
            case "coords" -> requireRange(found, low, high, -180, 180, "degrees of longitude and latitude");
            default -> { }
        }
    }

    /**
     * Checks an input in whatever unit.
     *
     * @param scope where it runs
     * @param name for messages
     * @param modality what it is
     * @param tensor pixels, or token numbers
     * @throws ArgumentException if pixels are not finite, or a token number is not in the vocabulary
     */
    public static void requireNumbers(Scope scope, String name, TerraMindModality modality, Tensor tensor) {
        if (modality.kind() == TerraMindModality.Kind.IMAGE) {
            found(name, extreme(scope, tensor, Reduction.MIN), extreme(scope, tensor, Reduction.MAX));
        } else {
            require(scope, name, modality, tensor);
        }
    }

    /** What messages say of values, which have to be finite. */
    private static String found(String name, float low, float high) {
        String found = name + " has values from " + low + " to " + high;
        if (!Float.isFinite(low) || !Float.isFinite(high)) {
            throw new ArgumentException(found + "; expected numbers, without NaN or infinity: fill gaps first");
        }
        return found;
    }

    private static void requireRange(
            String found, float low, float high, float least, float most, String expected) {
        if (low < least || high > most) {
            throw new ArgumentException(found + ", expected " + expected + " (" + least + " to " + most + ")");
        }
    }

    private static void refuse(String found, boolean wrong, String expected, String seems) {
        if (wrong) {
            throw new ArgumentException(found + ", expected " + expected + "; they seem to be " + seems);
        }
    }

    private static float extreme(Scope scope, Tensor tensor, Reduction reduction) {
        try (Tensor dense = Kernels.copy(scope, tensor, DType.F32);
                Tensor flat = dense.reshape(1, -1); Tensor one = Reductions.reduce(scope, flat, 1, reduction)) {
            return one.toFloatArray()[0];
        }
    }
}
