// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.data.GoldenFolder;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TorchCheckpointTest {
    private static final long[] NONE = {};

    @TempDir
    private Path folder;

    private Path golden(String name) {
        return GoldenFolder.resource("checkpoints").orElseThrow().resolve(name);
    }

    private String refusal(Path file) {
        String message = assertThrows(CheckpointException.class, () -> TorchCheckpoint.read(file)).getMessage();
        assertTrue(message.contains(file.toString()), message);
        return message;
    }

    private String refusal(Pickle pickle, int floats) throws IOException {
        return refusal(pickle.save(folder.resolve("hostile.pth"), floats));
    }

    @Test
    void refusesEvalByName() {
        assertTrue(refusal(golden("refuse_eval.pth")).contains("__builtin__.eval"));
    }

    @Test
    void refusesShellCommandByNameAndRunsNothing() {
        assertTrue(refusal(golden("refuse_reduce.pth")).contains("posix.system"));
        assertTrue(Files.notExists(Path.of("golden_checkpoint_was_executed")));
    }

    @Test
    void refusesWholePickledModelByItsClass() throws IOException {
        var pickle = new Pickle().op("cclimanet.st_encoder_decoder\nSpatioTemporalModel\n)\u0081");
        String message = refusal(pickle, 0);
        assertTrue(message.contains("climanet.st_encoder_decoder.SpatioTemporalModel"), message);
        assertTrue(message.contains("state_dict()"), message);
    }

    @Test
    void refusesComplexTensorsByStorageType() throws IOException {
        assertTrue(refusal(new Pickle().op("ctorch\nComplexFloatStorage\n"), 0).contains("torch.ComplexFloatStorage"));
    }

    @Test
    void keepsPlainDataAsConfiguration() {
        Checkpoint views = TorchCheckpoint.read(golden("views.pth"));
        List<Object> list = Arrays.asList(1L, 2.5, "x", null, true, List.of(3L), Map.of("a", List.of(4L, 5L)));
        assertEquals(Map.of("list", list), views.configuration());
    }

    @Test
    void digestIsThatOfTheFile() throws Exception {
        byte[] file = Files.readAllBytes(golden("views.pth"));
        byte[] digest = java.security.MessageDigest.getInstance("SHA-256").digest(file);
        assertEquals(java.util.HexFormat.of().formatHex(digest), TorchCheckpoint.read(golden("views.pth")).digest());
    }

    @Test
    void splitsWeightsFromHyperParametersAndDropsOptimizerState() throws IOException {
        var pickle = new Pickle().op("}(").text("state_dict").op("}").text("w").tensor("0", 6, 1, new long[] {2, 2},
                new long[] {1, 2}).op("s");
        pickle.text("hyper_parameters").op("}").text("patch_size").tuple(1, 4, 4).op("s");
        pickle.text("optimizer_states").op("]").tensor("0", 6, 0, new long[] {6}, new long[] {1}).op("a");
        pickle.text("ema").tensor("0", 6, 0, new long[] {6}, new long[] {1});
        pickle.text("epoch").number(7).op("u");
        Checkpoint checkpoint = TorchCheckpoint.read(pickle.save(folder.resolve("model.ckpt"), 6));
        assertEquals(List.of("w"), List.copyOf(checkpoint.tensors().keySet()));
        assertEquals(Shape.of(2, 2), checkpoint.tensors().get("w").shape());
        assertEquals(Map.of("hyper_parameters", Map.of("patch_size", List.of(1L, 4L, 4L)), "epoch", 7L),
                checkpoint.configuration());
    }

    @Test
    void materialisesStridesRowMajor() throws IOException {
        byte[] storage = new byte[24 * 4];
        for (int i = 0; i < 24; i++) {
            storage[4 * i] = (byte) i; // element i has the bits of integer i
        }
        var pickle = new Pickle().op("}").text("t");
        pickle.tensor("0", 24, 2, new long[] {2, 1, 3, 2}, new long[] {1, 99, 0, 7});
        Path file = Pickle.archive(folder.resolve("strided.pth"),
                Map.of("a/data.pkl", pickle.op("s").end(), "a/data/0", storage));
        var tensor = TorchCheckpoint.read(file).tensors().get("t");
        assertEquals(DType.F32, tensor.dtype());
        int[] expected = {2, 9, 2, 9, 2, 9, 3, 10, 3, 10, 3, 10};
        assertArrayEquals(expected, tensor.bytes().toArray(ValueLayout.JAVA_INT));
    }

    @Test
    void readsIntegersOfEveryWidthAndNone() throws IOException {
        var pickle = new Pickle().op("}(").text("long").op("\u008a\11\0\0\0\0\0\0\0\0\1");
        pickle.text("negative").op("\u008a\1\u00ff").text("zero").op("\u008a\0").text("none").op("Nu");
        Map<String, Object> data = TorchCheckpoint.read(pickle.save(folder.resolve("i.pth"), 0)).configuration();
        assertEquals(0x1p64, data.get("long"));
        assertEquals(-1L, data.get("negative"));
        assertEquals(0L, data.get("zero"));
        assertTrue(data.containsKey("none"));
        assertNull(data.get("none"));
    }

    @Test
    void refusesTensorBeyondItsStorage() throws IOException {
        assertTrue(refusal(new Pickle().op("}").text("t").tensor("0", 4, 1, new long[] {4}, new long[] {1}).op("s"), 4)
                .contains("reaches element 4"));
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE})
    void refusesImpossibleSizesStridesAndOffsets(long bad) throws IOException {
        long[] one = {1};
        long[] two = {2};
        refusal(new Pickle().op("}").text("t").tensor("0", 4, bad, one, one).op("s"), 4);
        refusal(new Pickle().op("}").text("t").tensor("0", 4, 0, new long[] {bad, 2}, new long[] {1, 1}).op("s"), 4);
        refusal(new Pickle().op("}").text("t").tensor("0", 4, 0, two, new long[] {bad}).op("s"), 4);
        refusal(new Pickle().op("}").text("t").tensor("0", bad, 0, one, one).op("s"), 4);
    }

    @Test
    void refusesExpansionBomb() throws IOException {
        var pickle = new Pickle().op("}").text("t").tensor("0", 1, 0, new long[] {1 << 20, 1 << 20}, new long[] {0, 0});
        assertTrue(refusal(pickle.op("s"), 1).contains("16 times"));
    }

    @Test
    void refusesManyModestExpansionsThatAddUp() throws IOException {
        var pickle = new Pickle().op("}(").text("t0").tensor("0", 1, 0, new long[] {1 << 16}, new long[] {0}).op("q\0");
        for (int i = 1; i < 200; i++) {
            pickle.text("t" + i).op("h\0");
        }
        assertTrue(refusal(pickle.op("u"), 1).contains("16 times"));
    }

    @Test
    void refusesDataThatRepeatThemselvesWithoutBound() throws IOException {
        var pickle = new Pickle().op("}").text("laughs").op("]q\0");
        for (int level = 0; level < 50; level++) {
            pickle.op("h\0\u0086q\0"); // (x, x), then (that, that), ...
        }
        assertTrue(refusal(pickle.op("s"), 0).contains("outgrow"));
    }

    @Test
    void refusesListThatContainsItself() throws IOException {
        assertTrue(refusal(new Pickle().op("}").text("loop").op("]q\0h\0as"), 0).contains("64 levels"));
    }

    @Test
    void refusesTwoTensorsOfOneName() throws IOException {
        long[] one = {1};
        var pickle = new Pickle().op("}(").text("a.b").tensor("0", 1, 0, one, one);
        pickle.text("a").op("}").text("b").tensor("0", 1, 0, one, one).op("su");
        assertTrue(refusal(pickle, 1).contains("two tensors named a.b"));
    }

    @Test
    void refusesCompoundKeysWithoutHashingThem() throws IOException {
        assertTrue(refusal(new Pickle().op("}").tuple(1).op("Ns"), 0).contains("key"));
    }

    @Test
    void refusesUnknownInstructionAndOldProtocol() throws IOException {
        assertTrue(refusal(new Pickle().op("i"), 0).contains("0x69"));
        assertTrue(refusal(new Pickle().op("\u0080\1"), 0).contains("protocol version 1"));
    }

    @Test
    void refusesWhatIsNoDictionary() throws IOException {
        assertTrue(refusal(new Pickle().op("]"), 0).contains("no dictionary"));
    }

    @Test
    void refusesStorageDescribedTwiceWithDifferentSizes() throws IOException {
        long[] one = {1};
        var pickle = new Pickle().op("}(").text("a").tensor("0", 4, 0, one, one);
        pickle.text("b").tensor("0", 5, 0, one, one).op("u");
        assertTrue(refusal(pickle, 4).contains("once with 16 bytes and once with 20"));
    }

    @Test
    void refusesMissingAndShortRecords() throws IOException {
        long[] one = {1};
        assertTrue(refusal(new Pickle().op("}").text("t").tensor("7", 1, 0, one, one).op("s"), 1).contains("data/7"));
        assertTrue(refusal(new Pickle().op("}").text("t").tensor("0", 9, 0, one, one).op("s"), 8)
                .contains("9 elements"));
    }

    @Test
    void refusesBigEndianCheckpoint() throws IOException {
        Path file = Pickle.archive(folder.resolve("big.pth"), Map.of("a/data.pkl", new Pickle().op("}").end(),
                "a/byteorder", "big".getBytes(StandardCharsets.US_ASCII)));
        assertTrue(refusal(file).contains("byte order is \"big\""));
    }

    @Test
    void refusesTorchScriptAndOtherArchives() throws IOException {
        byte[] pickle = new Pickle().op("}").end();
        Path script = Pickle.archive(folder.resolve("script.pt"),
                Map.of("a/data.pkl", pickle, "a/constants.pkl", pickle));
        assertTrue(refusal(script).contains("TorchScript"));
        assertTrue(refusal(Pickle.archive(folder.resolve("some.zip"), Map.of("readme.txt", pickle)))
                .contains("no PyTorch checkpoint"));
    }

    @Test
    void refusesRecordWithWrongChecksum() throws IOException {
        byte[] storage = {0, 1, 2, 3};
        var records = new LinkedHashMap<String, byte[]>();
        records.put("a/data.pkl", new Pickle().op("}").text("t").tensor("0", 1, 0, NONE, NONE).op("s").end());
        records.put("a/data/0", storage);
        Path path = Pickle.archive(folder.resolve("crc.pth"), records);
        assertEquals(1, TorchCheckpoint.read(path).tensors().size());
        byte[] file = Files.readAllBytes(path);
        file[indexOf(file, storage)] ^= 1;
        Files.write(path, file);
        assertTrue(refusal(path).contains("checksum of record a/data/0"));
    }

    private static int indexOf(byte[] file, byte[] part) {
        for (int at = 0; at <= file.length - part.length; at++) {
            if (Arrays.equals(file, at, at + part.length, part, 0, part.length)) {
                return at;
            }
        }
        throw new AssertionError("not found");
    }
}
