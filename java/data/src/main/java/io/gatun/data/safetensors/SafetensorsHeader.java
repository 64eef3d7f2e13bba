// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.safetensors;

import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.TensorData;
import io.gatun.data.internal.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON header: what tensors there are and where. Every instance has been validated: the tensors fill the data
 * section without hole or overlap, and each has as many bytes as its shape needs.
 */
record SafetensorsHeader(List<Entry> entries, Map<String, String> metadata) {
    static final String METADATA = "__metadata__";

    /** One tensor; its bytes are {@code [begin, end)} of the data section. */
    record Entry(String name, DType dtype, Shape shape, long begin, long end) {
    }

    static SafetensorsHeader parse(String source, String json, long dataBytes) {
        Map<String, Object> members;
        try {
            members = Json.parseObject(json);
        } catch (IOException e) {
            throw bad(source, "the header is no valid JSON: " + e.getMessage(), e);
        }
        List<Entry> entries = new ArrayList<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        members.forEach((name, value) -> {
            if (name.equals(METADATA)) {
                readMetadata(source, value, metadata);
            } else {
                entries.add(entry(source, name, value));
            }
        });
        checkLayout(source, entries, dataBytes);
        return new SafetensorsHeader(entries, metadata);
    }

    /** Lays tensors out, wide element types first so that each is aligned. */
    static SafetensorsHeader layOut(Map<String, TensorData> tensors, Map<String, String> metadata) {
        List<Map.Entry<String, TensorData>> ordered = new ArrayList<>(tensors.entrySet());
        ordered.sort(Comparator.comparingInt(tensor -> -tensor.getValue().dtype().sizeBytes()));
        List<Entry> entries = new ArrayList<>();
        long begin = 0;
        for (Map.Entry<String, TensorData> tensor : ordered) {
            TensorData data = tensor.getValue();
            long end = Math.addExact(begin, data.bytes().byteSize());
            entries.add(new Entry(tensor.getKey(), data.dtype(), data.shape(), begin, end));
            begin = end;
        }
        return new SafetensorsHeader(entries, metadata);
    }

    String toJson() {
        Map<String, Object> members = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            members.put(METADATA, metadata);
        }
        for (Entry entry : entries) {
            Map<String, Object> info = new LinkedHashMap<>();
            info.put("dtype", entry.dtype.name());
            info.put("shape", longs(entry.shape.toArray()));
            info.put("data_offsets", longs(entry.begin, entry.end));
            members.put(entry.name, info);
        }
        return Json.write(members);
    }

    static CheckpointException bad(String source, String what) {
        return bad(source, what, null);
    }

    private static CheckpointException bad(String source, String what, Exception cause) {
        return new CheckpointException("Weights file " + source + " is no valid safetensors file: " + what
                + ". Download or write it again.", cause);
    }

    private static void readMetadata(String source, Object value, Map<String, String> into) {
        if (!(value instanceof Map<?, ?> map)) {
            throw bad(source, METADATA + " is no JSON object");
        }
        map.forEach((key, text) -> {
            if (!(text instanceof String string)) {
                throw bad(source, METADATA + " member \"" + key + "\" is no string");
            }
            into.put((String) key, string);
        });
    }

    private static Entry entry(String source, String name, Object value) {
        String tensor = "tensor \"" + name + "\"";
        if (!(value instanceof Map<?, ?> info)) {
            throw bad(source, tensor + " is described by no JSON object");
        }
        if (!(info.get("dtype") instanceof String dtypeName)) {
            throw bad(source, tensor + " has no dtype");
        }
        long[] extents = longs(source, tensor + " shape", info.get("shape"));
        long[] offsets = longs(source, tensor + " data_offsets", info.get("data_offsets"));
        if (offsets.length != 2 || offsets[0] < 0 || offsets[1] < offsets[0]) {
            throw bad(source, tensor + " data_offsets are no begin and end: " + info.get("data_offsets"));
        }
        DType dtype;
        Shape shape;
        long bytes;
        try {
            dtype = DType.ofSafetensorsName(dtypeName);
            shape = Shape.of(extents);
            bytes = Math.multiplyExact(shape.numElements(), dtype.sizeBytes());
        } catch (CheckpointException | ShapeException | ArithmeticException e) {
            throw bad(source, tensor + ": " + e.getMessage(), e);
        }
        if (bytes != offsets[1] - offsets[0]) {
            throw bad(source, tensor + " of type " + dtype + " and shape " + shape + " needs " + bytes
                    + " bytes, data_offsets give it " + (offsets[1] - offsets[0]));
        }
        return new Entry(name, dtype, shape, offsets[0], offsets[1]);
    }

    private static void checkLayout(String source, List<Entry> entries, long dataBytes) {
        List<Entry> ordered = new ArrayList<>(entries);
        ordered.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long end = 0;
        for (Entry entry : ordered) {
            if (entry.begin != end) {
                throw bad(source, "tensor \"" + entry.name + "\" begins at byte " + entry.begin
                        + ", the one before it ends at " + end + " (tensors may neither overlap nor leave holes)");
            }
            end = entry.end;
        }
        if (end > dataBytes) {
            throw bad(source, "the tensors need " + end + " bytes, there are " + dataBytes + ": it is truncated");
        }
        if (end < dataBytes) {
            throw bad(source, (dataBytes - end) + " bytes follow the last tensor");
        }
    }

    private static long[] longs(String source, String what, Object value) {
        if (!(value instanceof List<?> list) || !list.stream().allMatch(Long.class::isInstance)) {
            throw bad(source, what + " is no list of integers");
        }
        return list.stream().mapToLong(Long.class::cast).toArray();
    }

    private static List<Object> longs(long... values) {
        List<Object> list = new ArrayList<>();
        for (long value : values) {
            list.add(value);
        }
        return list;
    }
}
