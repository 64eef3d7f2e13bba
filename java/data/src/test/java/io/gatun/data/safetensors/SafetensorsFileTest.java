// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.OutputException;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import io.gatun.data.GoldenFolder;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsFileTest {
    private static final int LENGTH_BYTES = 8;

    @TempDir
    private Path folder;

    private Path file(String header, int dataBytes) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return file(json.length, json, dataBytes);
    }

    private Path file(long announced, byte[] header, int dataBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(LENGTH_BYTES + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        return Files.write(folder.resolve("test.safetensors"), bytes.putLong(announced).put(header).array());
    }

    private String refusal(Path file) {
        String message = assertThrows(CheckpointException.class, () -> SafetensorsFile.read(file)).getMessage();
        assertTrue(message.contains(file.toString()), message);
        return message;
    }

    private static TensorData tensor(DType dtype, Shape shape, int seed) {
        byte[] bytes = new byte[(int) shape.numElements() * dtype.sizeBytes()];
        new java.util.Random(seed).nextBytes(bytes);
        return new TensorData(dtype, shape, MemorySegment.ofArray(bytes));
    }

    private static void assertSame(TensorData expected, TensorData actual) {
        assertEquals(expected.dtype(), actual.dtype());
        assertEquals(expected.shape(), actual.shape());
        assertEquals(-1, expected.bytes().mismatch(actual.bytes()));
    }

    @Test
    void tensorsOverArraysOfFloatsAreWritten() {
        Path path = folder.resolve("floats.safetensors");
        float[] elements = {1.5f, -2, 3};
        var tensor = new TensorData(DType.F32, Shape.of(3), MemorySegment.ofArray(elements));
        SafetensorsFile.write(path, Map.of("t", tensor), Map.of());
        assertSame(tensor, SafetensorsFile.read(path).tensors().get("t"));
    }

    @Test
    void writtenTensorsAndMetadataAreReadBack() {
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        for (DType dtype : DType.values()) {
            tensors.put("t." + dtype, tensor(dtype, Shape.of(3, 1, 5), dtype.ordinal()));
        }
        tensors.put("scalar \"µ\"", tensor(DType.F32, Shape.of(), 1));
        tensors.put("empty", tensor(DType.I64, Shape.of(4, 0), 1));
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("patch_size", List.of(1L, 4L, 4L));
        config.put("std", 0.25);
        config.put("nan", Double.NaN);
        config.put("nothing", null);
        Path path = folder.resolve("round.safetensors");
        SafetensorsFile.write(path, tensors, Map.of("format", "pt", "model_config", config, "text", "{ no JSON"));
        Checkpoint read = SafetensorsFile.read(path);
        assertEquals(tensors.keySet(), read.tensors().keySet());
        tensors.forEach((name, tensor) -> assertSame(tensor, read.tensors().get(name)));
        assertEquals(Map.of("format", "pt", "model_config", config, "text", "{ no JSON"), read.configuration());
    }

    @Test
    void dataOfWrittenFilesIsAligned() throws IOException {
        Path path = folder.resolve("aligned.safetensors");
        TensorData narrow = tensor(DType.I8, Shape.of(3), 1);
        SafetensorsFile.write(path, Map.of("a", narrow, "b", tensor(DType.F64, Shape.of(2), 2)), Map.of());
        long headerBytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN).getLong();
        assertEquals(0, headerBytes % 8);
        assertTrue(Files.readString(path, StandardCharsets.ISO_8859_1).contains("\"data_offsets\":[0,16]"));
    }

    @Test
    void rewritingAGoldenFileKeepsEveryTensor() {
        Checkpoint golden = SafetensorsFile.read(GoldenFolder.resource("checkpoints").orElseThrow()
                .resolve("lightning.safetensors"));
        Path copy = folder.resolve("copy.safetensors");
        SafetensorsFile.write(copy, golden.tensors(), golden.configuration());
        Checkpoint read = SafetensorsFile.read(copy);
        assertEquals(70, read.tensors().size());
        golden.tensors().forEach((name, tensor) -> assertSame(tensor, read.tensors().get(name)));
    }

    @Test
    void fileWithoutTensorsIsValid() throws IOException {
        Checkpoint empty = SafetensorsFile.read(file("{}  ", 0));
        assertEquals(0, empty.tensors().size());
        assertEquals(64, empty.digest().length());
    }

    @ParameterizedTest
    @MethodSource("hostileHeaders")
    void hostileHeaderIsRefused(String header, int dataBytes, String reason) throws IOException {
        String message = refusal(file(header.replace('\'', '"'), dataBytes));
        assertTrue(message.contains(reason), message);
    }

    private static Stream<Arguments> hostileHeaders() {
        String u8 = "'dtype':'U8','shape':[4],'data_offsets':";
        return Stream.of(
                arguments("{'a':{" + u8 + "[0,4]},'b':{" + u8 + "[2,6]}}", 6, "overlap"),
                arguments("{'a':{" + u8 + "[0,4]},'b':{" + u8 + "[0,4]}}", 4, "overlap"),
                arguments("{'a':{" + u8 + "[0,4]},'b':{" + u8 + "[5,9]}}", 9, "holes"),
                arguments("{'a':{" + u8 + "[4,8]}}", 8, "holes"),
                arguments("{'a':{" + u8 + "[0,4]}}", 5, "1 bytes follow"),
                arguments("{'a':{" + u8 + "[0,4]}}", 3, "truncated"),
                arguments("{'a':{" + u8 + "[0,4]},'a':{" + u8 + "[4,8]}}", 8, "Duplicate"),
                arguments("{'a':{" + u8 + "[0,4],'dtype':'U8'}}", 4, "Duplicate"),
                arguments("{'__metadata__':{'k':'1','k':'2'}}", 0, "Duplicate"),
                arguments("{'a':{" + u8 + "[-4,0]}}", 4, "begin and end"),
                arguments("{'a':{" + u8 + "[4,0]}}", 4, "begin and end"),
                arguments("{'a':{" + u8 + "[0]}}", 4, "begin and end"),
                arguments("{'a':{" + u8 + "[0,4.0]}}", 4, "no list of integers"),
                arguments("{'a':{" + u8 + "[0,99999999999999999999]}}", 4, "no list of integers"),
                arguments("{'a':{" + u8 + "[0,5]}}", 5, "needs 4 bytes"),
                arguments("{'a':{'dtype':'U8','shape':[-4],'data_offsets':[0,4]}}", 4, "negative extent"),
                arguments("{'a':{'dtype':'F64','shape':[2305843009213693952],'data_offsets':[0,0]}}", 0, "overflow"),
                arguments("{'a':{'dtype':'U8','shape':[4294967296,4294967296],'data_offsets':[0,0]}}", 0, "2^63"),
                arguments("{'a':{'dtype':'U8','shape':[1,1,1,1,1,1,1,1,1],'data_offsets':[0,1]}}", 1, "at most 8 axes"),
                arguments("{'a':{'dtype':'U8','shape':'4','data_offsets':[0,4]}}", 4, "no list of integers"),
                arguments("{'a':{'dtype':'F8_E4M3','shape':[4],'data_offsets':[0,4]}}", 4, "F8_E4M3"),
                arguments("{'a':{'dtype':'u8','shape':[4],'data_offsets':[0,4]}}", 4, "\"u8\""),
                arguments("{'a':{'shape':[4],'data_offsets':[0,4]}}", 4, "no dtype"),
                arguments("{'a':[]}", 0, "no JSON object"),
                arguments("{'__metadata__':{'k':1}}", 0, "is no string"),
                arguments("{'__metadata__':[]}", 0, "__metadata__ is no JSON object"),
                arguments("{} x", 0, "no valid JSON"),
                arguments("{'a':", 0, "no valid JSON"),
                arguments("[]", 0, "begin with '{'"),
                arguments(" {}", 0, "begin with '{'"),
                arguments("", 0, "begin with"),
                arguments("{'a':" + "[".repeat(100_000), 0, "no valid JSON"));
    }

    @Test
    void headerLengthBeyondLimitOrFileIsRefused() throws IOException {
        byte[] header = {'{', '}'};
        assertTrue(refusal(file(100_000_001, header, 0)).contains("at most 100000000"));
        assertTrue(refusal(file(-1, header, 0)).contains("18446744073709551615"));
        assertTrue(refusal(file(3, header, 0)).contains("truncated"));
    }

    @Test
    void headerThatIsNotUtf8IsRefused() throws IOException {
        byte[] header = "{\"\u00ff\":1}".getBytes(StandardCharsets.ISO_8859_1);
        assertTrue(refusal(file(header.length, header, 0)).contains("not UTF-8"));
    }

    @Test
    void truncationAtEveryByteIsRefused() throws IOException {
        byte[] intact = Files.readAllBytes(GoldenFolder.resource("checkpoints").orElseThrow()
                .resolve("dtypes.safetensors"));
        Path path = folder.resolve("cut.safetensors");
        for (int length = 0; length < intact.length; length++) {
            Files.write(path, Arrays.copyOf(intact, length));
            refusal(path);
        }
    }

    @Test
    void fileOfAnotherFormatIsNamed() {
        assertTrue(refusal(GoldenFolder.resource("checkpoints").orElseThrow().resolve("views.pth"))
                .contains("ZIP archive"));
    }

    @Test
    void wrongArgumentsOfWriteAreRefused() {
        Path path = folder.resolve("no.safetensors");
        Map<String, TensorData> tensors = Map.of("__metadata__", tensor(DType.U8, Shape.of(1), 1));
        assertThrows(ArgumentException.class, () -> SafetensorsFile.write(path, tensors, Map.of()));
        Map<String, Object> metadata = Map.of("when", java.time.Instant.EPOCH);
        assertThrows(ArgumentException.class, () -> SafetensorsFile.write(path, Map.of(), metadata));
        assertTrue(Files.notExists(path));
    }

    @Test
    void failedWriteLeavesTargetAndFolderAsTheyWere() throws IOException {
        Path path = folder.resolve("kept.safetensors");
        SafetensorsFile.write(path, Map.of(), Map.of("version", "old"));
        Map<String, TensorData> tensors = Map.of("t", tensor(DType.F32, Shape.of(100), 1));
        Thread.currentThread().interrupt();
        try {
            assertThrows(InterruptedRunException.class, () -> SafetensorsFile.write(path, tensors, Map.of()));
        } finally {
            assertTrue(Thread.interrupted());
        }
        assertEquals(Map.of("version", "old"), SafetensorsFile.read(path).configuration());
        Path occupied = Files.createDirectories(folder.resolve("occupied.safetensors").resolve("inside")).getParent();
        assertThrows(OutputException.class, () -> SafetensorsFile.write(occupied, tensors, Map.of()));
        Path nowhere = folder.resolve("absent").resolve("x.safetensors");
        assertThrows(OutputException.class, () -> SafetensorsFile.write(nowhere, tensors, Map.of()));
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(List.of(path, occupied), left.sorted().toList());
        }
    }

    @Test
    void fileBeyondTwoGibibytesIsRead() throws IOException {
        assumeTrue(Boolean.getBoolean("gatun.test.large"), "needs 5 GiB: -Dgatun.test.large=true");
        long bytes = (1L << 31) + 16;
        byte[] header = ("{\"t\":{\"dtype\":\"U8\",\"shape\":[" + bytes + "],\"data_offsets\":[0," + bytes + "]}}")
                .getBytes(StandardCharsets.US_ASCII);
        Path path = file(header.length, header, 0);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {42}), LENGTH_BYTES + header.length + bytes - 1); // sparse
        }
        Checkpoint read = SafetensorsFile.read(path);
        assertEquals(42, read.tensors().get("t").bytes().get(ValueLayout.JAVA_BYTE, bytes - 1));
        Path copy = folder.resolve("copy.safetensors");
        SafetensorsFile.write(copy, read.tensors(), Map.of());
        assertEquals(42, SafetensorsFile.read(copy).tensors().get("t").bytes().get(ValueLayout.JAVA_BYTE, bytes - 1));
    }
}
