// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.config;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the model among the tensors of a task that Lightning saved. The names of the model's weights lose
 *
 * <ul>
 * <li>what wrappers add anywhere: {@code _orig_mod} (torch.compile), {@code _timm_module} (older TerraTorch), {@code
 *     _fsdp_wrapped_module}, {@code _checkpoint_wrapped_module};
 * <li>at the start {@code model.} (the task's attribute) and {@code module.} (parallel training, averaging).
 * </ul>
 *
 * <p>Tensors of losses and metrics are left out. Where averaged weights ({@code ema_model.}, {@code model_ema.}, {@code
 * ema.}) lie beside the trained ones, the trained ones are taken, which upstream's {@code forward} uses; averaged
 * weights alone are taken. Lightning's own {@code WeightAveraging} saves the averaged ones as the trained ones.
 */
public final class LightningCheckpoint {
    private static final Set<String> WRAPPERS =
            Set.of("_orig_mod", "_timm_module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module");
    private static final Set<String> AVERAGED = Set.of("ema_model", "model_ema", "ema");
    private static final Set<String> TRAINING = Set.of("criterion", "loss", "losses", "train_metrics", "val_metrics",
            "test_metrics", "train_loss_handler", "val_loss_handler", "test_loss_handler", "n_averaged");

    private LightningCheckpoint() {}

    /**
     * The model's weights by their own names.
     *
     * @param checkpoint of a task, or of a model alone
     * @return the weights
     * @throws CheckpointException if two become one, or there are none
     */
    public static Checkpoint model(Checkpoint checkpoint) {
        Map<String, TensorData> trained = new LinkedHashMap<>();
        Map<String, TensorData> averaged = new LinkedHashMap<>();
        checkpoint.tensors().forEach((name, data) -> {
            List<String> parts = new ArrayList<>(Arrays.asList(name.split("\\.")));
            parts.subList(0, parts.size() - 1).removeIf(WRAPPERS::contains);
            boolean average = AVERAGED.contains(parts.getFirst());
            for (String start : average ? List.of(parts.getFirst(), "module", "model", "module")
                    : List.of("module", "model", "module")) {
                if (parts.size() > 1 && parts.getFirst().equals(start)) {
                    parts.removeFirst();
                }
            }
            if (!TRAINING.contains(parts.getFirst())) {
                put(checkpoint, average ? averaged : trained, String.join(".", parts), data);
            }
        });
        return renamed(checkpoint, trained.isEmpty() ? averaged : trained);
    }

    /**
     * The tensors whose names begin with a prefix, without it. The others are left out.
     *
     * @param checkpoint of a task
     * @param prefix for example {@code ema_model.}
     * @return the weights
     * @throws ArgumentException if no name begins so
     */
    public static Checkpoint withPrefix(Checkpoint checkpoint, String prefix) {
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        checkpoint.tensors().forEach((name, data) -> {
            if (name.startsWith(prefix) && name.length() > prefix.length()) {
                tensors.put(name.substring(prefix.length()), data);
            }
        });
        if (tensors.isEmpty()) {
            throw new ArgumentException(checkpoint.source() + ": no tensor name begins with \"" + prefix
                    + "\"; they are such as " + checkpoint.tensors().keySet().stream().limit(2).toList()
                    + ". Leave the prefix out, or give what they begin with.");
        }
        return renamed(checkpoint, tensors);
    }

    /**
     * One of the two, by whether there is a prefix.
     *
     * @param checkpoint of a task
     * @param prefix of the wanted tensors
     * @return the weights
     */
    public static Checkpoint of(Checkpoint checkpoint, Optional<String> prefix) {
        return prefix.map(start -> withPrefix(checkpoint, start)).orElseGet(() -> model(checkpoint));
    }

    private static void put(Checkpoint checkpoint, Map<String, TensorData> tensors, String name, TensorData data) {
        if (tensors.put(name, data) != null) {
            throw new CheckpointException(checkpoint.source() + ": two of its tensors are the model's " + name
                    + " without the prefixes of wrappers. Say with --strip-prefix which of them to take.");
        }
    }

    private static Checkpoint renamed(Checkpoint checkpoint, Map<String, TensorData> tensors) {
        if (tensors.isEmpty()) {
            throw new CheckpointException(checkpoint.source() + ": none of its " + checkpoint.tensors().size()
                    + " tensors is a model's; expected the checkpoint of a TerraTorch task. Choose another file.");
        }
        return new Checkpoint(checkpoint.source(), checkpoint.digest(), tensors, checkpoint.configuration());
    }
}
