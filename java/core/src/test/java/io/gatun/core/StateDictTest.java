// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StateDictTest {
    private static TensorData floats(float... values) {
        return floats(Shape.of(values.length), values);
    }

    private static TensorData floats(Shape shape, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return new TensorData(DType.F32, shape, MemorySegment.ofArray(bytes.array()));
    }

    private static StateDict dict(Object... namesAndTensors) {
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        for (int i = 0; i < namesAndTensors.length; i += 2) {
            tensors.put((String) namesAndTensors[i], (TensorData) namesAndTensors[i + 1]);
        }
        return StateDict.of(new Checkpoint("model.pth", "0".repeat(64), tensors, Map.of()));
    }

    @Test
    void takesByPathAndFinishes() {
        StateDict weights = dict("encoder.proj.weight", floats(Shape.of(2, 2), 1, 2, 3, 4), "encoder.proj.bias",
                floats(5, 6), "norm.num_batches_tracked", floats(9));
        StateDict proj = weights.at("encoder").at("proj");
        assertTrue(proj.has("bias"));
        assertFalse(proj.has("scale"));
        assertEquals(Optional.of(Shape.of(2, 2)), weights.shapeOf("encoder.proj.weight"));
        assertEquals(Optional.empty(), weights.shapeOf("encoder.proj"));
        assertArrayEquals(new float[] {1, 2, 3, 4}, proj.takeFloats("weight", 2, 2));
        assertEquals(Shape.of(2), weights.at("encoder.proj").take("bias", 2).shape());
        weights.at("norm").skip("num_batches_tracked");
        weights.finish();
    }

    @Test
    void finishReportsEveryProblemAtOnce() {
        StateDict weights = dict("a.weight", floats(1, 2), "a.bias", floats(3),
                "old.scale", floats(Shape.of(1, 2), 4, 5));
        assertArrayEquals(new float[] {0, 0, 0}, weights.at("a").takeFloats("weight", 3), "another shape gives zeros");
        weights.at("a").takeFloats("bias", 1);
        assertArrayEquals(new float[] {0, 0}, weights.takeFloats("b.weight", 1, 2), "a missing one gives zeros");
        assertEquals("""
                model.pth does not fit the model: 1 weights missing, 1 unexpected, 1 of another shape, 3 wanted.
                  missing: b.weight [1, 2]
                  unexpected: old.scale [1, 2]
                  other shape: a.weight is [2], the model wants [3]""",
                assertThrows(CheckpointException.class, weights::finish).getMessage());
    }

    @Test
    void aKnownPrefixIsHintedAtAndCanBeStripped() {
        StateDict lightning = dict("model.a.weight", floats(1), "model.a.bias", floats(2), "loss.weight", floats(3));
        lightning.at("a").take("weight", 1);
        lightning.at("a").take("bias", 1);
        String message = assertThrows(CheckpointException.class, lightning::finish).getMessage();
        assertTrue(message.endsWith("Hint: the names in the file begin with \"model.\"; load it with"
                + " stripPrefix(\"model.\"), on the command line --strip-prefix model."), message);
        StateDict stripped = lightning.stripPrefix("model.");
        assertArrayEquals(new float[] {1}, stripped.at("a").takeFloats("weight", 1));
        assertArrayEquals(new float[] {2}, stripped.at("a").takeFloats("bias", 1));
        stripped.skip("loss.weight");
        stripped.finish();
        assertThrows(CheckpointException.class, () -> dict("model.a", floats(1), "a", floats(2)).stripPrefix("model."));
    }

    @Test
    void aPartOfAModelIsHintedAt() {
        StateDict part = dict("proj.weight", floats(1, 2));
        part.at("encoder").at("proj").take("weight", 2);
        String message = assertThrows(CheckpointException.class, part::finish).getMessage();
        assertTrue(message.contains("lack \"encoder.\""), message);
    }

    @Test
    void noHintWhereAPrefixWouldNotMakeItFit() {
        StateDict other = dict("model.a", floats(1));
        other.take("a", 2);
        String message = assertThrows(CheckpointException.class, other::finish).getMessage();
        assertFalse(message.contains("Hint"), message);
    }

    @Test
    void everyElementTypeBecomesFloats() {
        ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putDouble(0.1).putDouble(-2);
        assertArrayEquals(new float[] {0.1f, -2}, floatsOf(DType.F64, bytes));
        bytes.clear().putLong(-3).putLong(1L << 40);
        assertArrayEquals(new float[] {-3, 0x1p40f}, floatsOf(DType.I64, bytes));
        bytes.clear().putInt(-3).putInt(4).putInt(5).putInt(6);
        assertArrayEquals(new float[] {-3, 4, 5, 6}, floatsOf(DType.I32, bytes));
        bytes.clear().put(new byte[16]).clear().putShort((short) 0x3e00).putShort((short) 0xc000);
        assertArrayEquals(new float[] {1.5f, -2, 0, 0, 0, 0, 0, 0}, floatsOf(DType.F16, bytes));
        bytes.clear().putShort((short) 0x3fc0).putShort((short) 0xc000);
        assertArrayEquals(new float[] {1.5f, -2, 0, 0, 0, 0, 0, 0}, floatsOf(DType.BF16, bytes));
        bytes.clear().putShort((short) -7).putShort((short) 300);
        assertArrayEquals(new float[] {-7, 300, 0, 0, 0, 0, 0, 0}, floatsOf(DType.I16, bytes));
        bytes.clear().put((byte) -1).put((byte) 2).put((byte) 0).put((byte) 0);
        assertArrayEquals(new float[] {-1, 2, 0}, Arrays.copyOf(floatsOf(DType.I8, bytes), 3));
        assertArrayEquals(new float[] {255, 2, 0}, Arrays.copyOf(floatsOf(DType.U8, bytes), 3));
        assertArrayEquals(new float[] {1, 1, 0}, Arrays.copyOf(floatsOf(DType.BOOL, bytes), 3));
    }

    private static float[] floatsOf(DType dtype, ByteBuffer bytes) {
        long count = bytes.capacity() / dtype.sizeBytes();
        TensorData data = new TensorData(dtype, Shape.of(count), MemorySegment.ofArray(bytes.array()));
        return dict("x", data).takeFloats("x", count);
    }

    @Test
    void checkpointTensorsReachTheDeviceAsTheyAre() {
        try (Scope scope = Scope.open(Device.cpu())) {
            MemorySegment bytes = MemorySegment.ofArray(new byte[] {0, 1, 7});
            Tensor booleans = scope.of(new TensorData(DType.BOOL, Shape.of(3), bytes));
            assertArrayEquals(new boolean[] {false, true, true}, booleans.toBooleanArray());
            assertArrayEquals(new float[] {0, 1, 1}, booleans.toFloatArray());
            TensorData back = scope.of(floats(Shape.of(2, 1), 3, 4)).permute(1, 0).toTensorData();
            assertEquals(Shape.of(1, 2), back.shape());
            assertArrayEquals(new float[] {3, 4}, HostFloats.of(back));
            assertArrayEquals(new long[] {Long.MIN_VALUE, 5},
                    scope.of(new long[] {Long.MIN_VALUE, 5}, 2).toLongArray());
        }
    }

    @Test
    void namesThatDifferInANumberShareALine() {
        Map<String, Shape> names = new LinkedHashMap<>();
        for (int block : new int[] {0, 1, 2, 7, 10, 11}) {
            names.put("blocks." + block + ".mlp.0.weight", Shape.of(4, 2));
            names.put("blocks." + block + ".mlp.0.bias", Shape.of(4));
        }
        names.put("blocks.3.mlp.0.bias", Shape.of(5));
        names.put("fc2.weight", Shape.of(1));
        assertEquals(List.of("blocks.0-2,7,10-11.mlp.0.weight [4, 2]", "blocks.0-2,7,10-11.mlp.0.bias [4]",
                "blocks.3.mlp.0.bias [5]", "fc2.weight [1]"), NumberedNames.grouped(names));
    }
}
