// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.ArgumentException;
import io.gatun.core.OutputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Hours of computing are not to end in a path that cannot be written, or that is one of the inputs. */
final class OutputPaths {
    private OutputPaths() {}

    /** A file in a folder that is there. */
    static void requireFile(Path target, List<Path> read) {
        requireFree(target, read);
        Path folder = target.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder)) {
            throw new OutputException(target + ": the folder " + folder + " does not exist. Create it first.");
        }
        requireWritable(target, folder);
    }

    /** A file in a folder that the run makes, see {@link #requireFolder}, or in another that is there. */
    static void requireFile(Path target, Path made, List<Path> read) {
        requireFree(target, read);
        if (!same(target.toAbsolutePath().getParent(), made)) {
            requireFile(target, read);
        }
    }

    /** A folder that is there, or can be made. */
    static void requireFolder(Path folder) {
        Path there = folder.toAbsolutePath().normalize();
        while (!Files.exists(there)) {
            there = there.getParent();
        }
        if (!Files.isDirectory(there)) {
            throw new OutputException(folder + ": " + there + " is a file, expected a folder to write to. Choose"
                    + " another name.");
        }
        requireWritable(folder, there);
    }

    private static void requireWritable(Path target, Path folder) {
        if (!Files.isWritable(folder)) {
            throw new OutputException(target + ": the folder " + folder + " cannot be written to. Choose another, or "
                    + "change its permissions.");
        }
    }

    private static void requireFree(Path target, List<Path> read) {
        if (target.toAbsolutePath().getParent() == null || Files.isDirectory(target)) {
            throw new OutputException(target + ": is a directory, expected the name of a file to write. "
                    + "Add a file name.");
        }
        if (read.stream().anyMatch(path -> same(path, target))) {
            throw new OutputException(target + ": is also read by this run, and would be replaced. Choose another "
                    + "name.");
        }
    }

    /** No file is to replace another of the same run. */
    static void requireDistinct(List<Path> targets) {
        for (int i = 0; i < targets.size(); i++) {
            Path target = targets.get(i);
            if (targets.subList(0, i).stream().anyMatch(other -> same(other, target))) {
                throw new ArgumentException("two of the outputs have one name, and one would replace the other: "
                        + targets + ". Give each its own.");
            }
        }
    }

    /** Whether two paths are of one file, links followed. */
    static boolean same(Path path, Path other) {
        try {
            return place(path).equals(place(other))
                    || Files.exists(path) && Files.exists(other) && Files.isSameFile(path, other);
        } catch (IOException e) {
            throw new OutputException(path + " and " + other + ": cannot be told apart (" + e + "). Check the paths.",
                    e);
        }
    }

    /** Where a path leads, as far as there is something. */
    private static Path place(Path path) throws IOException {
        Path whole = path.toAbsolutePath().normalize();
        for (Path there = whole; there != null; there = there.getParent()) {
            if (Files.exists(there)) {
                return there.toRealPath().resolve(there.relativize(whole));
            }
        }
        return whole;
    }
}
