// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.json;

import io.gatun.core.DataException;
import io.gatun.data.internal.Json;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;

/** Reads a file that is one JSON object. */
public final class JsonFile {
    private static final long LARGEST = 256L << 20;

    private JsonFile() {}

    /**
     * Reads a file.
     *
     * @param file UTF-8, at most 256 MiB
     * @return the object's members in order: maps, lists, strings, Long, Double, Boolean and null, unmodifiable
     * @throws DataException if the file is missing, too large, or anything but one JSON object
     */
    public static Map<String, Object> read(Path file) {
        try {
            long size = Files.size(file);
            if (size > LARGEST) {
                throw new DataException(file + " has " + size + " bytes, more than the " + LARGEST
                        + " that a JSON file may have; is it the right file?");
            }
            return Json.parseObject(Files.readString(file));
        } catch (NoSuchFileException e) {
            throw new DataException(file + " does not exist", e);
        } catch (CharacterCodingException e) {
            throw new DataException(file + " is not UTF-8, so no JSON file; is it the right file?", e);
        } catch (IOException e) {
            throw new DataException(file + " could not be read as a JSON object: " + e.getMessage(), e);
        }
    }
}
