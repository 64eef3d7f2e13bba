// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.TensorData;
import io.gatun.data.internal.HashedFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A checkpoint as PyTorch wrote it before 1.6, read front to back in one pass: five pickles (magic number, version,
 * facts about the machine, the object, keys of its storages), then for each key the number of elements and the bytes.
 */
final class LegacyCheckpoint {
    private static final long VERSION = 1001;
    private static final ValueLayout.OfLong LITTLE_ENDIAN_LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final String source;
    private final HashedFile file;
    private final PickleInput in;
    private final MemoryBudget budget;

    LegacyCheckpoint(String source, HashedFile file, MemoryBudget budget) {
        this.source = source;
        this.file = file;
        this.in = new PickleInput(source, file);
        this.budget = budget;
    }

    Checkpoint read() {
        checkPreamble();
        var object = new PickleReader(source, in);
        Object root = object.read();
        var content = new CheckpointContent(source, root, (int) in.position());
        Set<String> wanted = content.tensors().values().stream()
                .map(tensor -> tensor.storage().key()).collect(Collectors.toSet());
        Map<String, MemorySegment> storages = storages(object.storages(), wanted);
        Map<String, TensorData> tensors = new TensorMaterializer(
                source, storage -> storages.get(storage.key()), budget).materialize(content.tensors());
        return new Checkpoint(source, file.digest(), tensors, content.configuration());
    }

    private void checkPreamble() {
        new PickleReader(source, in).read(); // the magic number, by which the format was told
        if (!(new PickleReader(source, in).read() instanceof Long version) || version != VERSION) {
            throw bad("its version is not " + VERSION);
        }
        // The sizes of C types that stand there as well mattered to the tar format only.
        if (!(new PickleReader(source, in).read() instanceof Map<?, ?> machine)
                || !(machine.get("little_endian") instanceof Boolean littleEndian)) {
            throw bad("it does not tell its byte order");
        }
        if (!littleEndian) {
            throw bad("its byte order is big-endian, only little-endian is read");
        }
    }

    /** Reads the wanted storages and passes over the others, such as an optimizer's. */
    private Map<String, MemorySegment> storages(Map<String, StoredTensor.Storage> named, Set<String> wanted) {
        if (!(new PickleReader(source, in).read() instanceof List<?> keys)) {
            throw bad("it has no list of storages");
        }
        budget.charge(in.position());
        Map<String, StoredTensor.Storage> missing = new HashMap<>(named);
        Map<String, MemorySegment> storages = new HashMap<>();
        for (Object key : keys) {
            if (!(key instanceof String name) || !missing.containsKey(name)) {
                throw bad("its list of storages names one that no tensor has, or one twice");
            }
            StoredTensor.Storage storage = missing.remove(name);
            checkCount(storage);
            if (wanted.contains(name)) {
                budget.charge(storage.sizeBytes());
                MemorySegment bytes = HashedFile.allocate(source, storage.sizeBytes());
                in.readInto(bytes);
                storages.put(name, bytes);
            } else {
                in.skip(storage.sizeBytes());
            }
        }
        if (!missing.isEmpty()) {
            throw bad("storage " + shown(missing.keySet().iterator().next()) + " is missing");
        }
        if (in.remaining() > 0) {
            throw bad(in.remaining() + " bytes follow the last storage");
        }
        return storages;
    }

    private void checkCount(StoredTensor.Storage storage) {
        if (in.remaining() < Long.BYTES) {
            throw bad("it ends before storage " + shown(storage.key()) + ": it is truncated");
        }
        MemorySegment count = MemorySegment.ofArray(new byte[Long.BYTES]);
        in.readInto(count);
        if (count.get(LITTLE_ENDIAN_LONG, 0) != storage.numElements()) {
            throw bad("storage " + shown(storage.key()) + " has " + count.get(LITTLE_ENDIAN_LONG, 0)
                    + " elements, its pickle says " + storage.numElements());
        }
        if (storage.sizeBytes() > in.remaining()) {
            throw bad("storage " + shown(storage.key()) + " has " + storage.sizeBytes() + " bytes, but only "
                    + in.remaining() + " are left: it is truncated");
        }
    }

    private static String shown(String key) {
        return "\"" + TorchGlobals.shown(key) + "\"";
    }

    private CheckpointException bad(String what) {
        return new CheckpointException("Weights file " + source + " is damaged or no PyTorch checkpoint: " + what
                + ". Download or save it again.");
    }
}
