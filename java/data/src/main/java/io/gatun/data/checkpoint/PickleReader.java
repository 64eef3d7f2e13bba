// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import io.gatun.core.CheckpointException;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The part of Python's pickle machine (protocols 2 to 5) that checkpoints of tensors and plain data use. Names are
 * resolved by {@link TorchGlobals} alone; an instruction not listed here is refused. Memory is linear in the pickle:
 * each instruction makes at most one object.
 *
 * <p>Results are {@code null}, Boolean, Long, Double (also for integers beyond 64 bits), String, {@link Tuple},
 * {@link List}, {@link Map}, {@link StoredTensor}. They may share parts and contain themselves, as Python objects do.
 */
final class PickleReader {
    /** A Python tuple; lists are mutable while the machine runs, tuples are not. */
    record Tuple(List<Object> items) {
    }

    private final String source;
    private final PickleInput in;
    private final TorchGlobals globals;
    private final List<Object> stack = new ArrayList<>();
    private final List<Integer> marks = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();

    PickleReader(String source, PickleInput in) {
        this.source = source;
        this.in = in;
        this.globals = new TorchGlobals(source);
    }

    /** Runs the machine and returns the pickled object; the input then stands behind it. */
    Object read() {
        while (true) {
            long at = in.position();
            int opcode = unsignedByte();
            if (opcode == '.') {
                return pop();
            }
            execute(opcode, at);
        }
    }

    /** The storages that the pickle named, by key. */
    Map<String, StoredTensor.Storage> storages() {
        return globals.storages();
    }

    private void execute(int opcode, long at) {
        switch (opcode) {
            case 0x80 -> protocol();                                           // PROTO
            case 0x95 -> bytes(8);                                             // FRAME: a hint to file readers
            case 'N' -> push(null);                                            // NONE
            case 0x88 -> push(true);                                           // NEWTRUE
            case 0x89 -> push(false);                                          // NEWFALSE
            case 'J' -> push((long) bytes(4).getInt());                        // BININT
            case 'K' -> push((long) unsignedByte());                           // BININT1
            case 'M' -> push((long) (bytes(2).getShort() & 0xffff));           // BININT2
            case 0x8a -> push(integer(unsignedByte()));                        // LONG1
            case 0x8b -> push(integer(length4()));                             // LONG4
            case 'G' -> push(bytes(8).order(ByteOrder.BIG_ENDIAN).getDouble()); // BINFLOAT
            case 'X', 'T' -> push(text(length4()));                            // BINUNICODE, BINSTRING
            case 0x8c, 'U' -> push(text(unsignedByte()));                      // SHORT_BINUNICODE, SHORT_BINSTRING
            case 0x8d -> push(text(bytes(8).getLong()));                       // BINUNICODE8
            case ')' -> push(new Tuple(List.of()));                            // EMPTY_TUPLE
            case ']', 0x8f -> push(new ArrayList<>());                         // EMPTY_LIST, EMPTY_SET
            case '}' -> push(new LinkedHashMap<>());                           // EMPTY_DICT
            case '(' -> marks.add(stack.size());                               // MARK
            case 't' -> push(new Tuple(popToMark()));                          // TUPLE
            case 0x85, 0x86, 0x87 -> push(tuple(opcode - 0x84));               // TUPLE1 to TUPLE3
            case 'a' -> append(Collections.singletonList(pop()));              // APPEND
            case 'e', 0x90 -> append(popToMark());                             // APPENDS, ADDITEMS
            case 0x91 -> push(popToMark());                                    // FROZENSET
            case 's' -> setItems(tuple(2).items());                            // SETITEM
            case 'u' -> setItems(popToMark());                                 // SETITEMS
            case 'q' -> memo.put(unsignedByte(), top());                       // BINPUT
            case 'r' -> memo.put(bytes(4).getInt(), top());                    // LONG_BINPUT
            case 0x94 -> memo.put(memo.size(), top());                         // MEMOIZE
            case 'h' -> push(remembered(unsignedByte()));                      // BINGET
            case 'j' -> push(remembered(bytes(4).getInt()));                   // LONG_BINGET
            case 'c' -> push(globals.find(line(), line()));                    // GLOBAL
            case 0x93 -> stackGlobal();                                        // STACK_GLOBAL
            case 'Q' -> push(globals.storage(pop()));                          // BINPERSID
            case 'R' -> reduce();                                              // REDUCE
            case 'b' -> build();                                               // BUILD
            default -> throw bad("instruction 0x" + Integer.toHexString(opcode) + " at byte " + at
                    + ", which a checkpoint of tensors and plain data does not use");
        }
    }

    private void protocol() {
        int version = unsignedByte();
        if (version < 2 || version > 5) {
            throw bad("protocol version " + version + "; versions 2 to 5 are read");
        }
    }

    private void stackGlobal() {
        List<Object> names = tuple(2).items();
        if (!(names.get(0) instanceof String module) || !(names.get(1) instanceof String name)) {
            throw bad("a global whose name is no string");
        }
        push(globals.find(module, name));
    }

    private void reduce() {
        List<Object> call = tuple(2).items();
        if (!(call.get(0) instanceof TorchGlobals.Constructor constructor)
                || !(call.get(1) instanceof Tuple(List<Object> arguments))) {
            throw bad("a call of something that is no known constructor");
        }
        push(constructor.apply(arguments));
    }

    /** Attributes set on an object: only dictionaries have them here ({@code _metadata}), and they are not needed. */
    private void build() {
        pop();
        if (!(top() instanceof Map<?, ?>)) {
            throw bad("attributes of something that is no dictionary");
        }
    }

    @SuppressWarnings("unchecked") // every list and map on the stack was made here
    private void append(List<Object> items) {
        if (!(top() instanceof List<?> list)) {
            throw bad("items for something that is no list");
        }
        ((List<Object>) list).addAll(items);
    }

    @SuppressWarnings("unchecked")
    private void setItems(List<Object> items) {
        if (!(top() instanceof Map<?, ?> map) || items.size() % 2 != 0) {
            throw bad("key-value pairs for something that is no dictionary, or a key without value");
        }
        for (int i = 0; i < items.size(); i += 2) {
            Object key = items.get(i);
            // Compound keys would be hashed recursively, which shared parts can make exponential.
            if (!(key instanceof String || key instanceof Long || key instanceof Boolean || key instanceof Double)) {
                throw bad("a dictionary whose key is no string, number or boolean");
            }
            ((Map<Object, Object>) map).put(key, items.get(i + 1));
        }
    }

    private Object integer(int length) {
        ByteBuffer littleEndian = bytes(length);
        if (length == 0) {
            return 0L;
        }
        byte[] bigEndian = new byte[length];
        for (int i = 0; i < length; i++) {
            bigEndian[i] = littleEndian.get(length - 1 - i);
        }
        BigInteger value = new BigInteger(bigEndian);
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : (Object) value.doubleValue();
    }

    private String text(long length) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes(length)).toString();
        } catch (CharacterCodingException e) {
            throw bad("a string that is not UTF-8");
        }
    }

    private String line() {
        var line = new ByteArrayOutputStream();
        for (int character = unsignedByte(); character != '\n'; character = unsignedByte()) {
            line.write(character);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    private int unsignedByte() {
        return bytes(1).get() & 0xff;
    }

    private int length4() {
        return bytes(4).getInt();
    }

    /** The next bytes as a little-endian view. */
    private ByteBuffer bytes(long length) {
        if (length < 0 || length > in.remaining()) {
            throw bad("an instruction that reaches " + length + " bytes beyond byte " + in.position()
                    + ", where only " + in.remaining() + " are left");
        }
        return in.take((int) length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void push(Object value) {
        stack.add(value);
    }

    private Object top() {
        checkDepth(1);
        return stack.getLast();
    }

    private Object pop() {
        checkDepth(1);
        return stack.removeLast();
    }

    private Tuple tuple(int count) {
        checkDepth(count);
        return new Tuple(cut(stack.size() - count));
    }

    private List<Object> popToMark() {
        if (marks.isEmpty()) {
            throw bad("an instruction without its mark");
        }
        return cut(marks.removeLast());
    }

    private List<Object> cut(int from) {
        List<Object> tail = stack.subList(from, stack.size());
        List<Object> items = new ArrayList<>(Arrays.asList(tail.toArray()));
        tail.clear();
        return items;
    }

    /** What lies below the last mark is out of reach. */
    private void checkDepth(int count) {
        if (stack.size() - count < (marks.isEmpty() ? 0 : marks.getLast())) {
            throw bad("an instruction that finds its operands missing");
        }
    }

    private Object remembered(int index) {
        Object value = memo.get(index);
        if (value == null && !memo.containsKey(index)) {
            throw bad("a reference to object " + index + ", which was not stored");
        }
        return value;
    }

    private CheckpointException bad(String what) {
        return new CheckpointException("Weights file " + source + " is damaged or no checkpoint: its pickle has " + what
                + ". Download it again, or save the weights alone: torch.save(model.state_dict(), file).");
    }
}
