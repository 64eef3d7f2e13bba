// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The allow-list: every name that a pickle may mention, and what it stands for here. A name stands for a constructor
 * of ours, a storage type, or a constant; no class of the pickle's choosing is ever looked up.
 */
final class TorchGlobals {
    private static final Map<String, DType> STORAGES = Map.of(
            "FloatStorage", DType.F32, "DoubleStorage", DType.F64, "HalfStorage", DType.F16,
            "BFloat16Storage", DType.BF16, "LongStorage", DType.I64, "IntStorage", DType.I32,
            "ShortStorage", DType.I16, "CharStorage", DType.I8, "ByteStorage", DType.U8, "BoolStorage", DType.BOOL);

    /** What REDUCE may call. */
    interface Constructor {
        /** Builds plain data or a tensor description; arguments are the pickle's and not to be trusted. */
        Object apply(List<Object> arguments);
    }

    private final String source;
    private final Map<String, Object> allowed = new HashMap<>();
    private final Map<String, StoredTensor.Storage> storages = new HashMap<>();

    TorchGlobals(String source) {
        this.source = source;
        STORAGES.forEach((name, dtype) -> allowed.put("torch." + name, new StoredTensor.StorageType(dtype)));
        for (DType dtype : DType.values()) {
            allowed.put("torch." + dtype.torchName(), "torch." + dtype.torchName());
        }
        constructor("torch._utils._rebuild_tensor_v2", this::tensor);
        constructor("torch._utils._rebuild_parameter", this::parameter);
        constructor("collections.OrderedDict", this::dictionary);
        constructor("torch.Size", arguments -> new PickleReader.Tuple(onlyList(arguments, "torch.Size")));
        constructor("torch.device", this::device);
        for (String module : List.of("__builtin__", "builtins")) {
            constructor(module + ".set", arguments -> onlyList(arguments, "set"));
            constructor(module + ".frozenset", arguments -> onlyList(arguments, "frozenset"));
        }
    }

    /** The meaning of a name. */
    Object find(String module, String name) {
        Object value = allowed.get(module + "." + name);
        if (value != null) {
            return value;
        }
        String global = shown(module + "." + name);
        if (module.equals("torch") && name.endsWith("Storage")) {
            throw new CheckpointException("Weights file " + source + ": tensors of " + global
                    + " are not supported. Convert them to a float or integer type before saving.");
        }
        throw new CheckpointException("Weights file " + source + " was refused: it asks Python for " + global
                + ", which is neither tensor nor plain data; nothing was executed. If you trust the file, load it in"
                + " PyTorch and save the weights alone: torch.save(model.state_dict(), file).");
    }

    /**
     * What a storage's persistent id stands for: {@code ('storage', type, key, location, numel)}, in legacy files with
     * {@code None} or {@code (view key, offset, numel)} behind.
     */
    StoredTensor.StorageView storage(Object id) {
        if (id instanceof PickleReader.Tuple(List<Object> parts) && (parts.size() == 5 || parts.size() == 6)
                && "storage".equals(parts.get(0))
                && parts.get(1) instanceof StoredTensor.StorageType(DType dtype)
                && parts.get(2) instanceof String key
                && parts.get(4) instanceof Long numElements
                && numElements >= 0 && numElements <= Long.MAX_VALUE / Long.BYTES) {
            var storage = new StoredTensor.Storage(key, dtype, numElements);
            StoredTensor.Storage first = storages.putIfAbsent(key, storage);
            if (first != null && first.sizeBytes() != storage.sizeBytes()) {
                throw malformed("storage \"" + shown(key) + "\" once with " + first.sizeBytes() + " bytes and once"
                        + " with " + storage.sizeBytes());
            }
            return parts.size() == 6 && parts.get(5) != null ? view(storage, parts.get(5))
                    : new StoredTensor.StorageView(storage, 0, numElements);
        }
        throw malformed("a persistent id that is no storage");
    }

    /** All storages named so far, by key, as they were named first. */
    Map<String, StoredTensor.Storage> storages() {
        return storages;
    }

    private StoredTensor.StorageView view(StoredTensor.Storage storage, Object metadata) {
        if (metadata instanceof PickleReader.Tuple(List<Object> parts) && parts.size() == 3
                && parts.get(1) instanceof Long start && parts.get(2) instanceof Long numElements
                && start >= 0 && numElements >= 0 && start <= storage.numElements() - numElements) {
            return new StoredTensor.StorageView(storage, start, numElements);
        }
        throw malformed("a view beyond storage \"" + shown(storage.key()) + "\", which has " + storage.numElements()
                + " elements");
    }

    private void constructor(String name, Constructor constructor) {
        allowed.put(name, constructor);
    }

    private Object tensor(List<Object> arguments) {
        // storage, offset, size, stride, requires_grad, hooks, and since 2.1 metadata such as a pending negation
        if (arguments.size() < 6 || arguments.size() > 7
                || !(arguments.get(0) instanceof StoredTensor.StorageView view)
                || !(arguments.get(1) instanceof Long offset)) {
            throw malformed("a tensor without storage and offset");
        }
        if (arguments.size() == 7 && !isEmpty(arguments.get(6))) {
            throw new CheckpointException("Weights file " + source + " holds a tensor that is a pending negation or has"
                    + " other metadata, which is not supported. Save tensor.resolve_neg() instead.");
        }
        long[] size = longs(arguments.get(2));
        long[] strides = longs(arguments.get(3));
        if (strides.length != size.length || offset < 0) {
            throw malformed("a tensor of " + size.length + " axes with " + strides.length + " strides, at offset "
                    + offset);
        }
        for (long stride : strides) {
            if (stride < 0) {
                throw malformed("a tensor with negative stride " + stride);
            }
        }
        try {
            long start = Math.addExact(view.start(), offset);
            var tensor = new StoredTensor(view.storage(), start, Shape.of(size), strides);
            long end = view.start() + view.numElements();
            if (tensor.shape().numElements() > 0 && tensor.lastElement() >= end) {
                throw malformed("a tensor of shape " + tensor.shape() + " that reaches element "
                        + tensor.lastElement() + " of storage \"" + shown(view.storage().key()) + "\", which has "
                        + end);
            }
            return tensor;
        } catch (ShapeException | ArithmeticException e) {
            throw malformed("a tensor of impossible size (" + e.getMessage() + ")");
        }
    }

    private Object parameter(List<Object> arguments) {
        if (arguments.size() == 3 && arguments.get(0) instanceof StoredTensor tensor) {
            return tensor;
        }
        throw malformed("a parameter without tensor");
    }

    private Object dictionary(List<Object> arguments) {
        if (arguments.isEmpty()) {
            return new LinkedHashMap<>();
        }
        throw malformed("an OrderedDict with constructor arguments");
    }

    private Object device(List<Object> arguments) {
        if (arguments.stream().allMatch(part -> part instanceof String || part instanceof Long)) {
            return arguments.stream().map(Object::toString).collect(Collectors.joining(":"));
        }
        throw malformed("a torch.device with strange arguments");
    }

    /** The items themselves, not a copy: copies of one big shared list could outgrow the file by far. */
    @SuppressWarnings("unchecked")
    private List<Object> onlyList(List<Object> arguments, String what) {
        if (arguments.isEmpty()) {
            return new ArrayList<>();
        }
        return switch (arguments.getFirst()) {
            case PickleReader.Tuple(List<Object> items) when arguments.size() == 1 -> items;
            case List<?> items when arguments.size() == 1 -> (List<Object>) items;
            case null, default -> throw malformed("a " + what + " of something else than one list");
        };
    }

    private long[] longs(Object value) {
        if (value instanceof PickleReader.Tuple(List<Object> items)
                && items.stream().allMatch(Long.class::isInstance)) {
            return items.stream().mapToLong(Long.class::cast).toArray();
        }
        throw malformed("a tensor size or stride that is no tuple of integers");
    }

    private static boolean isEmpty(Object metadata) {
        return metadata == null || metadata instanceof Map<?, ?> map && map.isEmpty();
    }

    private CheckpointException malformed(String what) {
        return new CheckpointException("Weights file " + source + " is damaged or no checkpoint: its pickle holds "
                + what + ". Download or save it again.");
    }

    /** A name from the file, made fit for a message. */
    static String shown(String text) {
        String printable = text.replaceAll("[^\\x20-\\x7e]", "?");
        return printable.length() <= 200 ? printable : printable.substring(0, 200) + "...";
    }
}
