// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.models.layers.TokenGrid;
import io.gatun.models.terramind.Standardization;
import io.gatun.models.terramind.TerraMindConfig;
import io.gatun.models.terramind.TerraMindInputs;
import io.gatun.models.terramind.TerraMindModality;
import io.gatun.models.terramind.TerraMindTokenizers;
import io.gatun.models.terramind.TerraMindUnits;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Inputs as an encoder takes them: images standardised, maps and coordinates tokenised. Closing it closes what was made
 * for it.
 *
 * @param config what they are
 * @param tensors by the names of the caller
 * @param made those that are not the caller's
 */
record PreparedInputs(TerraMindConfig config, SequencedMap<String, Tensor> tensors, List<Tensor> made)
        implements AutoCloseable {
    /** Rows and columns of patches where no image tells them. */
    private static final int DEFAULT_SIDE = 14;

    /** Standardises the inputs that have a standardisation; values are checked for its unit where that is known. */
    static PreparedInputs of(Scope scope, TerraMindConfig config, TerraMindInputs inputs,
            TerraMindTokenizers tokenizers, Map<String, Standardization> standardizations, boolean unitsAreKnown) {
        PreparedInputs prepared = new PreparedInputs(config, new LinkedHashMap<>(), new ArrayList<>());
        try {
            inputs.tensors().forEach((name, tensor) -> prepared.tensors.put(
                    name, prepared.prepared(scope, name, tensor, tokenizers, standardizations, unitsAreKnown)));
            return prepared;
        } catch (RuntimeException | Error e) {
            prepared.close();
            throw e;
        }
    }

    private Tensor prepared(Scope scope, String name, Tensor tensor, TerraMindTokenizers tokenizers,
            Map<String, Standardization> standardizations, boolean unitsAreKnown) {
        TerraMindModality modality = config.modalities().get(name);
        boolean raw = tokenizers.takes(modality.key(), tensor);
        boolean checked = config.checkInputs() && !scope.device().isMeta();
        Tensor standard = tensor;
        // Numbers of classes stay what they are.
        boolean pixels = tensor.dtype() == DType.F32 && (raw || modality.kind() == TerraMindModality.Kind.IMAGE);
        if (standardizations.containsKey(name) && pixels) {
            if (checked && unitsAreKnown) {
                TerraMindUnits.require(scope, name, modality, tensor);
            } else if (checked && !raw) {
                TerraMindUnits.requireNumbers(scope, name, modality, tensor);
            }
            standard = standardizations.get(name).apply(scope, tensor);
            made.add(standard);
        } else if (checked && !raw) {
            TerraMindUnits.requireNumbers(scope, name, modality, tensor);
        }
        if (raw) {
            standard = tokenizers.tokens(scope, modality.key(), standard);
            made.add(standard);
        }
        return standard;
    }

    int batch() {
        return Math.toIntExact(tensors.firstEntry().getValue().dim(0));
    }

    /** Patches of the last image. */
    TokenGrid grid() {
        TokenGrid grid = new TokenGrid(1, DEFAULT_SIDE, DEFAULT_SIDE);
        for (Map.Entry<String, Tensor> each : tensors.entrySet()) {
            TerraMindModality modality = config.modalities().get(each.getKey());
            Tensor tensor = each.getValue();
            grid = switch (modality.kind()) {
                case IMAGE -> new TokenGrid(1, (int) tensor.dim(2) / modality.patchSize(),
                        (int) tensor.dim(3) / modality.patchSize());
                case TOKENS -> tensor.shape().rank() == 3
                        ? new TokenGrid(1, (int) tensor.dim(1), (int) tensor.dim(2)) : square(tensor.dim(1));
                case SEQUENCE -> grid;
            };
        }
        return grid;
    }

    /** Refuses what could be generated, but not made an image of. */
    void requireDecodable(SequencedMap<String, TerraMindModality> targets) {
        String owner = tensors.reversed().keySet().stream()
                .filter(name -> config.modalities().get(name).kind().isImage()).findFirst().orElse("no image");
        targets.forEach((name, modality) -> {
            TokenizerConfig tokenizer = config.tokenizers().images().get(modality.key());
            if (tokenizer != null && tokenizer.decoder() instanceof TokenizerConfig.Diffusion diffusion) {
                int multiple = diffusion.size().multiple();
                long height = (long) grid().height() * tokenizer.patchSize();
                long width = (long) grid().width() * tokenizer.patchSize();
                if (height % multiple != 0 || width % multiple != 0) {
                    throw new ShapeException(name + " would have " + height + " x " + width + " pixels, as " + owner
                            + "; expected rows and columns in multiples of " + multiple + ": pad the inputs to "
                            + (height + multiple - 1) / multiple * multiple + " x "
                            + (width + multiple - 1) / multiple * multiple);
                }
            }
        });
    }

    private static TokenGrid square(long tokens) {
        int side = (int) Math.round(Math.sqrt(tokens));
        return new TokenGrid(1, side, side);
    }

    /** What is known, by the keys of the weights. */
    GenerationState state() {
        GenerationState state = new GenerationState(batch());
        tensors.forEach((name, tensor) -> {
            TerraMindModality modality = config.modalities().get(name);
            if (modality.kind() == TerraMindModality.Kind.SEQUENCE) {
                state.giveText(modality.key(), tensor.device().isMeta()
                        ? new long[Math.toIntExact(tensor.shape().numElements())] : tensor.toLongArray());
            } else {
                state.give(modality.key(), tensor);
            }
        });
        return state;
    }

    /** Masks are those of encoders alone. */
    static void refuseMasks(TerraMindInputs inputs) {
        if (!inputs.masks().isEmpty()) {
            throw new ArgumentException("the input has masks of " + String.join(", ", inputs.masks().keySet())
                    + "; a generator sees a text up to its end, the token 3, leave the masks out");
        }
    }

    @Override
    public void close() {
        made.forEach(Tensor::close);
    }
}
