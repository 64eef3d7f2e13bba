// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.config;

import io.gatun.core.DataException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/**
 * Reads a YAML file into plain data: null, Boolean, Number, String, List and Map with string keys. Aliases are written
 * out and merge keys applied; of a key given twice the last value counts, as in PyYAML. The file's size and that of the
 * result are bounded; a tag makes no object.
 */
final class YamlFile {
    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_NODES = 100_000;
    private static final int MAX_DEPTH = 64;
    private static final String MERGE = "<<";

    private final Path path;
    private int nodes;

    private YamlFile(Path path) {
        this.path = path;
    }

    /** The dictionary that the file is; throws DataException if it is absent, too large, or no YAML of that form. */
    static Map<String, Object> read(Path path) {
        LoadSettings settings = LoadSettings.builder().setLabel(path.toString()).setSchema(new CoreSchema())
                .setCodePointLimit(MAX_BYTES).setAllowDuplicateKeys(true).build();
        Object root;
        try {
            root = new Load(settings).loadFromString(text(path));
        } catch (YamlEngineException e) {
            throw new DataException(path + ": no YAML that can be read: "
                    + e.getMessage().strip().replaceAll("\\s+", " ") + ". Expected plain data in one document;"
                    + " correct the place it names.", e);
        }
        if (!(root instanceof Map<?, ?> map)) {
            throw new DataException(path + ": holds " + (root == null ? "nothing" : "no dictionary") + ", expected a"
                    + " TerraTorch configuration with model and data. Choose another file.");
        }
        return new YamlFile(path).dictionary(map, 0);
    }

    /** The text of a small UTF-8 file. */
    static String text(Path path) {
        try (InputStream in = Files.newInputStream(path)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new DataException(path + ": has more than " + MAX_BYTES + " bytes, too many for a configuration."
                        + " Is it another file?");
            }
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new DataException(path + ": is not text in UTF-8. Is it another file?", e);
        } catch (IOException e) {
            throw new DataException(path + ": cannot be read (" + e + "). Correct the path; it is relative to "
                    + Path.of("").toAbsolutePath() + ".", e);
        }
    }

    private Object plain(Object value, int depth) {
        if (++nodes > MAX_NODES || depth > MAX_DEPTH) {
            throw new DataException(path + ": has more than " + MAX_NODES + " values once its aliases are written out,"
                    + " or more than " + MAX_DEPTH + " levels, too many for a configuration. Use fewer aliases.");
        }
        return switch (value) {
            case null -> null;
            case Boolean flag -> flag;
            case Number number -> number;
            case String text -> text;
            case List<?> list -> list(list, depth);
            case Map<?, ?> map -> dictionary(map, depth);
            default -> throw new DataException(path + ": has a value of the kind " + value.getClass().getSimpleName()
                    + ", expected plain data. Leave out its tag.");
        };
    }

    private List<Object> list(List<?> list, int depth) {
        List<Object> result = new ArrayList<>();
        list.forEach(each -> result.add(plain(each, depth + 1)));
        return result;
    }

    /** What is merged first, so that the dictionary's own entries win; of several merged ones the first wins. */
    private Map<String, Object> dictionary(Map<?, ?> map, int depth) {
        Map<String, Object> result = new LinkedHashMap<>();
        Object merged = map.get(MERGE);
        for (Object each : merged instanceof List<?> several ? several.reversed() : merged == null ? List.of()
                : List.of(merged)) {
            if (!(each instanceof Map<?, ?> other)) {
                throw new DataException(path + ": a merge key << has something else than dictionaries. Give it an alias"
                        + " of a dictionary, or a list of such aliases.");
            }
            result.putAll(dictionary(other, depth + 1));
        }
        map.forEach((key, value) -> {
            if (!MERGE.equals(key)) {
                result.put(String.valueOf(key), plain(value, depth + 1));
            }
        });
        return result;
    }
}
