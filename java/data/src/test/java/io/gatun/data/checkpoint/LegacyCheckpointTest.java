// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import io.gatun.data.GoldenFolder;
import io.gatun.data.safetensors.SafetensorsFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LegacyCheckpointTest {
    private static final long[] ONE = {1};
    private static final byte[] NOTHING = {};

    @TempDir
    private Path folder;

    private Path file() {
        return folder.resolve("legacy.pth");
    }

    private static String refusal(Path file) {
        String message = assertThrows(CheckpointException.class, () -> TorchCheckpoint.read(file)).getMessage();
        assertTrue(message.contains(file.toString()), message);
        return message;
    }

    private static float[] floats(TensorData tensor) {
        return tensor.bytes().toArray(ValueLayout.JAVA_FLOAT);
    }

    /** A dictionary with tensor {@code t}, all elements of storage 0. */
    private static Pickle dictionary(int numElements) {
        return new Pickle().op("}").text("t").tensor("0", numElements, 0, new long[] {numElements}, ONE).op("s");
    }

    private static byte[] joined(byte[]... parts) {
        int size = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        ByteBuffer all = ByteBuffer.allocate(size);
        Arrays.stream(parts).forEach(all::put);
        return all.array();
    }

    @Test
    void digestIsThatOfTheFile() throws IOException, NoSuchAlgorithmException {
        Path golden = GoldenFolder.resource("checkpoints").orElseThrow().resolve("legacy.pth");
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(golden));
        assertEquals(HexFormat.of().formatHex(digest), TorchCheckpoint.read(golden).digest());
    }

    @Test
    void storagesAreAlignedAndSharedByTheirTensors() throws IOException {
        var pickle = new Pickle().op("}(").text("whole").tensor("0", 3, 0, new long[] {3}, ONE);
        pickle.text("last").tensor("0", 3, 2, new long[] {1}, ONE).text("other").tensor("10", 1, 0, ONE, ONE).op("u");
        byte[] storages = joined(Pickle.storage(1, 2, 3), Pickle.storage(4));
        Path file = pickle.saveLegacy(file(), storages, "0", "10");
        Map<String, TensorData> tensors = TorchCheckpoint.read(file).tensors();
        assertArrayEquals(new float[] {1, 2, 3}, floats(tensors.get("whole")));
        assertArrayEquals(new float[] {4}, floats(tensors.get("other")));
        assertEquals(0, tensors.get("whole").bytes().address() % 64);
        assertEquals(tensors.get("whole").bytes().address() + 8, tensors.get("last").bytes().address());
    }

    @Test
    void viewOfAStorageIsThatPartOfIt() throws IOException {
        var pickle = new Pickle().op("}").text("t").op("ctorch._utils\n_rebuild_tensor_v2\n(");
        pickle.viewedStorage("0", 8, 3, 4).number(1).tuple(3).tuple(1).op("\u0089ccollections\nOrderedDict\n)RtRs");
        Path file = pickle.saveLegacy(file(), Pickle.storage(0, 1, 2, 3, 4, 5, 6, 7), "0");
        assertArrayEquals(new float[] {4, 5, 6}, floats(TorchCheckpoint.read(file).tensors().get("t")));
    }

    @Test
    void refusesTensorBeyondItsView() throws IOException {
        var pickle = new Pickle().op("}").text("t").op("ctorch._utils\n_rebuild_tensor_v2\n(");
        pickle.viewedStorage("0", 8, 3, 4).number(1).tuple(4).tuple(1).op("\u0089ccollections\nOrderedDict\n)RtRs");
        assertTrue(refusal(pickle.saveLegacy(file(), Pickle.storage(new float[8]), "0")).contains("reaches element 7"));
    }

    @Test
    void refusesViewBeyondItsStorage() throws IOException {
        for (long[] view : new long[][] {{5, 4}, {-1, 2}, {0, -1}, {Long.MAX_VALUE, 2}, {0, Long.MAX_VALUE}}) {
            var pickle = new Pickle().op("}").text("t").viewedStorage("0", 8, view[0], view[1]).op("s");
            assertTrue(refusal(pickle.saveLegacy(file(), NOTHING)).contains("a view beyond storage \"0\""));
        }
    }

    @Test
    void optimizerStateIsPassedOver() throws IOException {
        var pickle = new Pickle().op("}(").text("optimizer").tensor("0", 2, 0, ONE, ONE).text("state_dict").op("}");
        pickle.text("w").tensor("1", 2, 0, new long[] {2}, ONE).op("s").text("epoch").number(3).op("u");
        byte[] storages = joined(Pickle.storage(8, 9), Pickle.storage(1, 2));
        Checkpoint checkpoint = TorchCheckpoint.read(pickle.saveLegacy(file(), storages, "0", "1"));
        assertEquals(Map.of("epoch", 3L), checkpoint.configuration());
        assertArrayEquals(new float[] {1, 2}, floats(checkpoint.tensors().get("w")));
    }

    @Test
    void picklesAndStoragesLargerThanABlockAreRead() throws IOException {
        float[] elements = new float[50_000];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = i;
        }
        String text = "x".repeat(200_001);
        var pickle = new Pickle().op("}(").text("note").text(text);
        pickle.text("t").tensor("0", elements.length, 0, new long[] {elements.length}, ONE).op("u");
        Checkpoint checkpoint = TorchCheckpoint.read(pickle.saveLegacy(file(), Pickle.storage(elements), "0"));
        assertEquals(Map.of("note", text), checkpoint.configuration());
        assertArrayEquals(elements, floats(checkpoint.tensors().get("t")));
    }

    @Test
    void emptyAndScalarTensorsAreRead() throws IOException {
        var pickle = new Pickle().op("}(").text("empty").tensor("0", 0, 0, new long[] {0, 3}, new long[] {3, 1});
        pickle.text("scalar").tensor("1", 1, 0, new long[0], new long[0]).op("u");
        byte[] storages = joined(Pickle.storage(), Pickle.storage(7));
        Map<String, TensorData> tensors = TorchCheckpoint.read(pickle.saveLegacy(file(), storages, "0", "1")).tensors();
        assertEquals(Shape.of(0, 3), tensors.get("empty").shape());
        assertArrayEquals(new float[] {7}, floats(tensors.get("scalar")));
    }

    @Test
    void refusesCodeByName() throws IOException {
        var pickle = new Pickle().op("cposix\nsystem\n").text("true").op("\u0085R");
        assertTrue(refusal(pickle.saveLegacy(file(), NOTHING)).contains("posix.system"));
    }

    @Test
    void refusesOtherVersionAndByteOrder() throws IOException {
        assertTrue(refusal(Pickle.legacy(file(), 1000, true)).contains("its version is not 1001"));
        assertTrue(refusal(Pickle.legacy(file(), 1001, false)).contains("big-endian"));
    }

    @Test
    void refusesCountThatIsNotThePickles() throws IOException {
        assertTrue(refusal(dictionary(3).saveLegacy(file(), Pickle.storage(1, 2), "0"))
                .contains("storage \"0\" has 2 elements, its pickle says 3"));
    }

    @Test
    void refusesStorageThatIsMissingUnknownOrDouble() throws IOException {
        byte[] storage = Pickle.storage(1, 2);
        assertTrue(refusal(dictionary(2).saveLegacy(file(), NOTHING)).contains("storage \"0\" is missing"));
        assertTrue(refusal(dictionary(2).saveLegacy(file(), storage, "1")).contains("names one that no tensor has"));
        assertTrue(refusal(dictionary(2).saveLegacy(file(), joined(storage, storage), "0", "0")).contains("twice"));
    }

    @Test
    void refusesBytesBehindTheLastStorage() throws IOException {
        assertTrue(refusal(dictionary(1).saveLegacy(file(), joined(Pickle.storage(1), new byte[] {0}), "0"))
                .contains("1 bytes follow the last storage"));
    }

    @Test
    void refusesExpansionBombWithoutAllocatingIt() throws IOException {
        var pickle = new Pickle().op("}").text("t");
        pickle.tensor("0", 1, 0, new long[] {1 << 20, 1 << 20}, new long[] {0, 0}).op("s");
        assertTrue(refusal(pickle.saveLegacy(file(), Pickle.storage(1), "0")).contains("16 times"));
    }

    @Test
    void refusesStorageThatTheFileIsTooShortForWithoutAllocatingIt() throws IOException {
        long petabyte = 1L << 48;
        var pickle = new Pickle().op("}").text("t").tensor("0", petabyte, 0, new long[] {petabyte}, ONE).op("s");
        byte[] count = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(petabyte).array();
        assertTrue(refusal(pickle.saveLegacy(file(), count, "0")).contains("it is truncated"));
    }

    @Test
    void refusesPicklesOfUnreasonableSizeWithoutReadingThem() throws IOException {
        Path file = Pickle.legacy(file(), 1001, true, new byte[] {'X', 0, 0, 0, 5}); // a string of 80 MiB
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(100 << 20);
        }
        assertTrue(refusal(file).contains("more than " + PickleInput.MAX_BYTES + " bytes"));
    }

    @Test
    void safetensorsReaderRefusesItByName() {
        Path golden = GoldenFolder.resource("checkpoints").orElseThrow().resolve("legacy.pth");
        String message = assertThrows(CheckpointException.class, () -> SafetensorsFile.read(golden)).getMessage();
        assertTrue(message.contains("legacy PyTorch format. Read it with TorchCheckpoint"), message);
    }
}
