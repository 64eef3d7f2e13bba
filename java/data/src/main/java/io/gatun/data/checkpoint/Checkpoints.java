// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.InterruptedRunException;
import io.gatun.data.internal.FileFormat;
import io.gatun.data.internal.HashedFile;
import io.gatun.data.safetensors.SafetensorsFile;
import java.nio.file.Path;

/** Reads weights files of any known format, told apart by their content. Thread-safe. */
public final class Checkpoints {
    private Checkpoints() {
    }

    /**
     * Reads a weights file: a safetensors file or a PyTorch checkpoint.
     *
     * @param path the file; its name does not matter
     * @return its tensors and configuration
     * @throws CheckpointException if the file is missing, unreadable, damaged, unsafe or of another format, which the
     *     message names
     * @throws InterruptedRunException if the thread is interrupted
     * @see SafetensorsFile#read
     * @see TorchCheckpoint#read
     */
    public static Checkpoint read(Path path) {
        byte[] head;
        try (HashedFile file = HashedFile.open(path)) {
            head = file.head();
        }
        FileFormat format = FileFormat.of(head);
        return switch (format) {
            case SAFETENSORS -> SafetensorsFile.read(path);
            case ZIP, TORCH_LEGACY -> TorchCheckpoint.read(path);
            default -> throw new CheckpointException("Weights file " + path + " " + format.refusal(head));
        };
    }
}
