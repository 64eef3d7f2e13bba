// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.data.checkpoint.Checkpoints;
import java.nio.file.Path;
import java.util.Optional;

/** Reads checkpoints whose tensors carry the prefix of a training framework, such as {@code model.}. */
final class StripPrefix {
    private StripPrefix() {}

    /** The checkpoint, without the prefix where one is given. */
    static Checkpoint read(Path file, Optional<String> prefix) {
        Checkpoint checkpoint = Checkpoints.read(file);
        if (prefix.isEmpty()) {
            return checkpoint;
        }
        if (checkpoint.tensors().keySet().stream().noneMatch(name -> name.startsWith(prefix.get()))) {
            throw new ArgumentException(file + ": no tensor name begins with \"" + prefix.get() + "\"; they are such"
                    + " as " + checkpoint.tensors().keySet().stream().limit(2).toList() + ". Leave out --strip-prefix,"
                    + " or give what they begin with.");
        }
        return checkpoint.stripPrefix(prefix.get());
    }
}
