// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.registry;

import io.gatun.data.json.JsonFile;
import io.gatun.models.Arguments;
import io.gatun.models.terramind.tokenizer.CaptionTokenizer;
import io.gatun.models.terramind.tokenizer.CoordinatesTokenizer;
import io.gatun.models.terramind.tokenizer.WordPiece;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Text tokenizers of TerraMind as a configuration file tells them: by the path of their vocabulary. */
final class TextTokenizers {
    private static final String KEY = "tokenizer_dict";

    private TextTokenizers() {}

    /** The arguments with the tokenizers in the place of paths. */
    static Arguments read(Arguments arguments) {
        if (!arguments.has(KEY)) {
            return arguments;
        }
        Map<String, Object> entries = new LinkedHashMap<>(arguments.dictionary(KEY).orElseThrow());
        entries.replaceAll(TextTokenizers::read);
        return arguments.with(KEY, entries);
    }

    private static Object read(String key, Object value) {
        if (!(value instanceof String) && !(value instanceof Path)) {
            return value;
        }
        return switch (key) {
            case "coords" -> new CoordinatesTokenizer(vocabulary(value));
            case "caption" -> new CaptionTokenizer(vocabulary(value));
            default -> value;
        };
    }

    private static WordPiece vocabulary(Object path) {
        return WordPiece.of(JsonFile.read(Path.of(path.toString())));
    }
}
