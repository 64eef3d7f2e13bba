// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.DataException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** File names as typed, where the shell has not expanded patterns: in quotes, or in a configuration. */
final class FilePatterns {
    private FilePatterns() {}

    /** Names as they are, patterns with * ? [ or { in the last part as the files they match, sorted. */
    static List<Path> expand(List<String> names) {
        List<Path> files = new ArrayList<>();
        for (String name : names) {
            Path path = Path.of(name);
            String last = String.valueOf(path.getFileName());
            if (Files.exists(path) || last.chars().noneMatch(c -> "*?[{".indexOf(c) >= 0)) {
                files.add(path);
            } else {
                files.addAll(matching(path, last));
            }
        }
        return files;
    }

    private static List<Path> matching(Path pattern, String last) {
        Path folder = pattern.getParent() == null ? Path.of("") : pattern.getParent();
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, last)) {
            stream.forEach(found::add);
        } catch (IOException e) {
            throw new DataException(pattern + ": the folder cannot be listed (" + e + "). Check the pattern.", e);
        }
        if (found.isEmpty()) {
            throw new DataException(pattern + ": no file matches the pattern. Check it, and the folder it names.");
        }
        Collections.sort(found);
        return found;
    }
}
