// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.DataException;
import io.gatun.data.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** A JSON file beside a scene, with its name: plain members, or those of a STAC item's properties. */
final class Sidecar {
    private static final long MAX_BYTES = 1 << 20;

    private Sidecar() {}

    /** Its members that are numbers or texts; none where there is no such file. */
    static Map<String, String> read(Path folder, String stem) {
        Path path = folder.resolve(stem + ".json");
        Map<String, String> members = new LinkedHashMap<>();
        if (!Files.isRegularFile(path)) {
            return members;
        }
        try {
            if (Files.size(path) > MAX_BYTES) {
                throw new DataException(path + ": has " + Files.size(path) + " bytes, expected a description of a scene"
                        + " of at most " + MAX_BYTES + ". Shorten it.");
            }
            Map<String, Object> whole = Json.parseObject(Files.readString(path));
            add(whole, members);
            if (whole.get("properties") instanceof Map<?, ?> properties) {
                add(properties, members);
            }
            return members;
        } catch (IOException e) {
            throw new DataException(path + ": is no JSON object that can be read (" + e.getMessage()
                    + "). Correct it, or take it away.", e);
        }
    }

    private static void add(Map<?, ?> from, Map<String, String> to) {
        from.forEach((key, value) -> {
            if (value instanceof Number || value instanceof String) {
                to.put(key.toString(), value.toString());
            }
        });
    }
}
