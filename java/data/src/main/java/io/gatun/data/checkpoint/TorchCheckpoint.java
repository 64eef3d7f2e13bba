// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.TensorData;
import io.gatun.data.internal.FileFormat;
import io.gatun.data.internal.HashedFile;
import java.nio.file.Path;
import java.util.Map;

/**
 * Reads PyTorch checkpoints without Python: the ZIP archives that {@code torch.save} writes since 1.6, and the legacy
 * files, pickles with raw storages behind, that it wrote before.
 *
 * <ul>
 * <li>Tensors are those of the dictionary {@code model_state_dict} or {@code state_dict}, else all of the file. Paths
 *     through nested dictionaries and lists are joined with dots. Views with any offset and strides come out dense and
 *     row-major; parameters come out as tensors.
 * <li>Plain data beside them ({@code model_config}, {@code hyper_parameters}, ...) become the configuration; tuples and
 *     sets become lists, keys strings. Optimizer and scheduler state is left out.
 * <li>Element types are those of {@link io.gatun.core.DType}.
 * <li>Nothing is executed. The reader knows tensors, parameters, {@code OrderedDict}, {@code set}, {@code torch.Size},
 *     {@code torch.device} and element types; any other class or function is refused by its name.
 * <li>Memory is bounded: tensors written out may take 16 times the size of the file and 1 MiB, data 64 levels.
 * </ul>
 */
public final class TorchCheckpoint {
    private TorchCheckpoint() {
    }

    /**
     * Reads a checkpoint into memory that the garbage collector frees.
     *
     * @param path the file
     * @return its tensors in the order of the dictionary, its configuration and its digest
     * @throws CheckpointException if the file is missing, unreadable, damaged, of another format (the tar archives
     *     of the first PyTorch releases included), big-endian, or asks for anything but tensors and plain data
     * @throws InterruptedRunException if the thread is interrupted
     */
    public static Checkpoint read(Path path) {
        String source = path.toString();
        try (HashedFile file = HashedFile.open(path)) {
            byte[] head = file.head();
            FileFormat format = FileFormat.of(head);
            MemoryBudget budget = new MemoryBudget(source, file.size());
            return switch (format) {
                case ZIP -> readArchive(path, file, budget);
                case TORCH_LEGACY -> new LegacyCheckpoint(source, file, budget).read();
                default -> throw new CheckpointException("Weights file " + path + " " + format.refusal(head));
            };
        }
    }

    private static Checkpoint readArchive(Path path, HashedFile file, MemoryBudget budget) {
        String source = path.toString();
        try (TorchArchive archive = TorchArchive.open(path, budget)) {
            byte[] pickle = archive.pickle();
            Object root = new PickleReader(source, new PickleInput(source, pickle)).read();
            var content = new CheckpointContent(source, root, pickle.length);
            Map<String, TensorData> tensors =
                    new TensorMaterializer(source, archive::storage, budget).materialize(content.tensors());
            return new Checkpoint(source, file.digest(), tensors, content.configuration());
        }
    }
}
