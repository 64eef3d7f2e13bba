// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import io.gatun.core.CheckpointException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Splits a checkpoint's object into tensors, named by their dictionary path, and plain data.
 *
 * <p>Where the top level has a dictionary {@code model_state_dict} or {@code state_dict}, its tensors are the weights
 * and tensors elsewhere are left out; otherwise all tensors are weights. The state of optimizers is left out always.
 */
final class CheckpointContent {
    private static final List<String> STATE_DICTS = List.of("model_state_dict", "state_dict");
    private static final Set<String> TRAINING_STATE = Set.of("optimizer", "optimizer_state_dict", "optimizer_states",
            "optim", "optim_state_dict", "scheduler", "scheduler_state_dict", "lr_scheduler", "lr_schedulers");
    private static final int MAX_DEPTH = 64;
    private static final int MAX_GROWTH = 16;
    private static final int FREE_PARTS = 1 << 12;
    /** Stands for what a container of tensors leaves behind as plain data: nothing. */
    private static final Object NOTHING = new Object();

    private final String source;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    private final Map<String, Object> configuration = new LinkedHashMap<>();
    private boolean collecting = true;
    private long budget;

    /** Shared parts are written out once for each place, so their number is bounded by the size of the pickle. */
    CheckpointContent(String source, Object root, int pickleBytes) {
        this.source = source;
        this.budget = (long) MAX_GROWTH * pickleBytes + FREE_PARTS;
        if (!(root instanceof Map<?, ?> entries)) {
            throw new CheckpointException("Weights file " + source + " holds no dictionary of tensors."
                    + " Save one with torch.save(model.state_dict(), file).");
        }
        String stateDict = STATE_DICTS.stream().filter(name -> entries.get(name) instanceof Map<?, ?>)
                .findFirst().orElse("");
        entries.forEach((key, value) -> {
            String name = key.toString();
            if (TRAINING_STATE.contains(name)) {
                return;
            }
            collecting = stateDict.isEmpty() || name.equals(stateDict);
            Object rest = split(value, name.equals(stateDict) ? "" : name, 1);
            if (rest != NOTHING) {
                configuration.put(name, rest);
            }
        });
    }

    Map<String, StoredTensor> tensors() {
        return tensors;
    }

    Map<String, Object> configuration() {
        return configuration;
    }

    private Object split(Object value, String path, int depth) {
        budget -= 1 + path.length();
        if (depth > MAX_DEPTH || budget < 0) {
            throw new CheckpointException("Weights file " + source + " was refused: its data are nested more than "
                    + MAX_DEPTH + " levels deep, or repeat parts of themselves until they outgrow the file."
                    + " Save plain dictionaries.");
        }
        return switch (value) {
            case null -> null;
            case Boolean flag -> flag;
            case Long number -> number;
            case Double number -> number;
            case String text -> text;
            case StoredTensor tensor -> tensor(tensor, path);
            case Map<?, ?> map -> splitMap(map, path, depth);
            case List<?> list -> splitList(list, path, depth);
            case PickleReader.Tuple(List<Object> items) -> splitList(items, path, depth);
            default -> throw new CheckpointException("Weights file " + source + ": entry " + TorchGlobals.shown(path)
                    + " is neither tensor nor plain data. Leave it out when saving.");
        };
    }

    private Object tensor(StoredTensor tensor, String path) {
        if (collecting && tensors.put(path, tensor) != null) {
            throw new CheckpointException("Weights file " + source + " has two tensors named "
                    + TorchGlobals.shown(path) + ". Rename one before saving.");
        }
        return NOTHING;
    }

    private Object splitMap(Map<?, ?> map, String path, int depth) {
        Map<String, Object> rest = new LinkedHashMap<>();
        map.forEach((key, value) -> {
            Object part = split(value, join(path, key), depth + 1);
            if (part != NOTHING) {
                rest.put(key.toString(), part);
            }
        });
        return rest.isEmpty() && !map.isEmpty() ? NOTHING : Collections.unmodifiableMap(rest);
    }

    private Object splitList(List<?> list, String path, int depth) {
        List<Object> rest = new ArrayList<>();
        boolean whole = true;
        for (int i = 0; i < list.size(); i++) {
            Object part = split(list.get(i), join(path, i), depth + 1);
            whole &= part != NOTHING;
            rest.add(part);
        }
        return whole ? Collections.unmodifiableList(rest) : NOTHING;
    }

    private static String join(String path, Object key) {
        return path.isEmpty() ? key.toString() : path + "." + key;
    }
}
