// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import io.gatun.core.CheckpointException;
import io.gatun.data.internal.HashedFile;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The records of a PyTorch checkpoint: {@code <name>/data.pkl}, {@code <name>/data/<key>} and some small ones, in a
 * ZIP archive. Each record is read on demand and its checksum verified.
 */
final class TorchArchive implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 20;
    private static final String PICKLE = "/data.pkl";

    private final Path path;
    private final ZipFile zip;
    private final Map<String, ZipEntry> records;
    private final String root;
    private final MemoryBudget budget;

    private TorchArchive(Path path, ZipFile zip, Map<String, ZipEntry> records, String root, MemoryBudget budget) {
        this.path = path;
        this.zip = zip;
        this.records = records;
        this.root = root;
        this.budget = budget;
    }

    /** Opens an archive and checks that it is a checkpoint in this machine's byte order. */
    static TorchArchive open(Path path, MemoryBudget budget) {
        ZipFile zip;
        try {
            zip = new ZipFile(path.toFile());
        } catch (IOException e) {
            throw new CheckpointException("Weights file " + path + " is no complete ZIP archive (" + e.getMessage()
                    + "): it is truncated or damaged. Download or save it again.", e);
        }
        try {
            Map<String, ZipEntry> records = records(path, zip);
            var archive = new TorchArchive(path, zip, records, root(path, records), budget);
            archive.checkByteOrder();
            return archive;
        } catch (RuntimeException e) {
            close(path, zip);
            throw e;
        }
    }

    /** The pickle of the checkpoint's object. */
    byte[] pickle() {
        ZipEntry entry = record(PICKLE);
        if (entry.getSize() > PickleInput.MAX_BYTES) {
            throw bad("its pickle has " + entry.getSize() + " bytes, at most " + PickleInput.MAX_BYTES + " are read");
        }
        return bytes(entry);
    }

    /** The bytes of a storage. */
    MemorySegment storage(StoredTensor.Storage storage) {
        ZipEntry entry = record("/data/" + storage.key());
        if (entry.getSize() != storage.sizeBytes()) {
            throw bad("record " + TorchGlobals.shown(entry.getName()) + " has " + entry.getSize()
                    + " bytes, its pickle says " + storage.numElements() + " elements of " + storage.dtype());
        }
        budget.charge(entry.getSize());
        MemorySegment target = HashedFile.allocate(path.toString(), entry.getSize());
        read(entry, target);
        return target;
    }

    private void checkByteOrder() {
        ZipEntry entry = records.get(root + "/byteorder");
        if (entry == null) {
            return; // files of PyTorch before 2.1 have none and are little-endian
        }
        if (entry.getSize() > CHUNK_BYTES) {
            throw bad("its byte order record has " + entry.getSize() + " bytes");
        }
        String order = new String(bytes(entry), StandardCharsets.US_ASCII).strip();
        if (!order.equals("little")) {
            throw bad("its byte order is \"" + TorchGlobals.shown(order) + "\", only \"little\" is read");
        }
    }

    private ZipEntry record(String name) {
        ZipEntry entry = records.get(root + name);
        if (entry == null) {
            throw bad("record " + TorchGlobals.shown(root + name) + " is missing");
        }
        return entry;
    }

    private byte[] bytes(ZipEntry entry) {
        budget.charge(entry.getSize());
        byte[] bytes = new byte[(int) entry.getSize()];
        read(entry, MemorySegment.ofArray(bytes));
        return bytes;
    }

    private void read(ZipEntry entry, MemorySegment target) {
        String name = TorchGlobals.shown(entry.getName());
        byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, target.byteSize() + 1)];
        CRC32 crc = new CRC32();
        long done = 0;
        try (InputStream in = zip.getInputStream(entry)) {
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                if (count > target.byteSize() - done) {
                    throw bad("record " + name + " is longer than the " + target.byteSize() + " bytes it announces");
                }
                crc.update(chunk, 0, count);
                MemorySegment.copy(MemorySegment.ofArray(chunk), 0, target, done, count);
                done += count;
            }
        } catch (IOException e) {
            throw HashedFile.failure(path, e);
        }
        if (done != target.byteSize()) {
            throw bad("record " + name + " ends after " + done + " of " + target.byteSize() + " bytes");
        }
        if (crc.getValue() != entry.getCrc()) {
            throw bad("the checksum of record " + name + " is wrong (CRC-32 " + Long.toHexString(crc.getValue())
                    + ", the archive says " + Long.toHexString(entry.getCrc())
                    + "; files saved with torch.serialization.set_crc32_options(False) have none)");
        }
    }

    private static Map<String, ZipEntry> records(Path path, ZipFile zip) {
        Map<String, ZipEntry> records = new HashMap<>();
        zip.stream().forEach(entry -> {
            if (entry.getSize() < 0) {
                throw bad(path, "record " + TorchGlobals.shown(entry.getName()) + " has a negative size");
            }
            if (records.put(entry.getName(), entry) != null) {
                throw bad(path, "it has two records named " + TorchGlobals.shown(entry.getName()));
            }
        });
        return records;
    }

    private static String root(Path path, Map<String, ZipEntry> records) {
        List<String> pickles = records.keySet().stream()
                .filter(name -> name.endsWith(PICKLE) && name.indexOf('/') == name.length() - PICKLE.length()).toList();
        if (pickles.size() != 1) {
            throw new CheckpointException("Weights file " + path + " is a ZIP archive, but no PyTorch checkpoint: it"
                    + " has " + records.size() + " records and " + pickles.size() + " named <name>" + PICKLE
                    + ", one is expected. Save the weights with torch.save(model.state_dict(), file).");
        }
        String root = pickles.getFirst().substring(0, pickles.getFirst().length() - PICKLE.length());
        if (records.containsKey(root + "/constants.pkl")) {
            throw new CheckpointException("Weights file " + path + " is a TorchScript archive, which holds code."
                    + " Save the weights alone: torch.save(torch.jit.load(file).state_dict(), other).");
        }
        return root;
    }

    private CheckpointException bad(String what) {
        return bad(path, what);
    }

    private static CheckpointException bad(Path path, String what) {
        return new CheckpointException("Weights file " + path + " is damaged or no PyTorch checkpoint: " + what
                + ". Download or save it again.");
    }

    private static void close(Path path, ZipFile zip) {
        try {
            zip.close();
        } catch (IOException e) {
            throw HashedFile.failure(path, e);
        }
    }

    @Override
    public void close() {
        close(path, zip);
    }
}
