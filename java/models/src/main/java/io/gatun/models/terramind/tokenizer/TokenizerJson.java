// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.DataException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A part of a tokenizer's JSON file, read with a typed error. */
record TokenizerJson(Map<String, ?> values) {
    static DataException wrong(String key, Object found) {
        return new DataException("the tokenizer's JSON file has " + found + " as \"" + key
                + "\"; expected the file of a WordPiece tokenizer, such as the config.json that is published with"
                + " TerraMind's coordinates");
    }

    Optional<TokenizerJson> object(String key) {
        return switch (values.get(key)) {
            case null -> Optional.empty();
            case Map<?, ?> map -> Optional.of(of(map));
            case Object other -> throw wrong(key, other);
        };
    }

    private static TokenizerJson of(Map<?, ?> map) {
        Map<String, Object> entries = new HashMap<>();
        map.forEach((key, value) -> entries.put(String.valueOf(key), value));
        return new TokenizerJson(entries);
    }

    List<TokenizerJson> objects(String key) {
        List<TokenizerJson> all = new ArrayList<>();
        if (values.get(key) instanceof List<?> list) {
            for (Object each : list) {
                if (!(each instanceof Map<?, ?> map)) {
                    throw wrong(key, each);
                }
                all.add(of(map));
            }
        }
        return all;
    }

    Map<String, Integer> numbers(String key) {
        if (!(values.get(key) instanceof Map<?, ?> map) || map.isEmpty()) {
            throw wrong(key, values.get(key));
        }
        Map<String, Integer> numbers = new HashMap<>();
        map.forEach((name, value) -> numbers.put(String.valueOf(name), integer(key, value)));
        return numbers;
    }

    String text(String key, String otherwise) {
        return switch (values.get(key)) {
            case null -> otherwise;
            case String text -> text;
            case Object other -> throw wrong(key, other);
        };
    }

    int integer(String key, int otherwise) {
        return values.get(key) == null ? otherwise : integer(key, values.get(key));
    }

    private static int integer(String key, Object value) {
        if (value instanceof Number number && number.doubleValue() == number.intValue() && number.intValue() >= 0) {
            return number.intValue();
        }
        throw wrong(key, value);
    }

    boolean flag(String key, boolean otherwise) {
        return switch (values.get(key)) {
            case null -> otherwise;
            case Boolean flag -> flag;
            case Object other -> throw wrong(key, other);
        };
    }

    /** The type of a part; absent in the oldest files. */
    void requireType(String type) {
        if (!text("type", type).equals(type)) {
            throw wrong("type", text("type", ""));
        }
    }

    /** What TerraMind's tokenizers have not, and which would change their numbers. */
    void refuse(String... keys) {
        for (String key : keys) {
            if (values.get(key) != null) {
                throw wrong(key, values.get(key));
            }
        }
    }
}
