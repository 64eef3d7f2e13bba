// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.predict;

import io.gatun.core.DataException;
import io.gatun.core.NearestName;
import io.gatun.core.TensorData;
import io.gatun.data.safetensors.SafetensorsFile;
import io.gatun.factory.config.TerraTorchConfig;
import io.gatun.models.Input;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;

/**
 * A scene in a safetensors file: tensors [C, H, W], [1, C, H, W] or [1, C, T, H, W], by the modalities' names or the
 * only one.
 */
final class TensorScene {
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private TensorScene() {}

    static Scene open(Path path, TerraTorchConfig config, Optional<String> variable) {
        Scene.requireSingle(config, variable);
        Map<String, TensorData> tensors = SafetensorsFile.read(path).tensors();
        SequencedMap<String, SceneImage> images = new LinkedHashMap<>();
        config.preprocessing().keySet().forEach(modality -> {
            boolean only = modality.equals(Input.IMAGE) && tensors.size() == 1;
            String name = variable.orElse(only ? tensors.keySet().iterator().next() : modality);
            TensorData found = tensors.get(name);
            if (found == null) {
                throw new DataException(path + ": no tensor \"" + name + "\"" + (tensors.isEmpty() ? "; it has none."
                        : ". Did you mean \"" + NearestName.of(name, tensors.keySet()) + "\"? Present: "
                        + tensors.keySet() + "."));
            }
            images.put(modality, image(path + ": tensor \"" + name + "\"", found));
        });
        return new Scene(images, SceneFrame.bare(), () -> { });
    }

    private static SceneImage image(String what, TensorData data) {
        int rank = data.shape().rank();
        boolean batch = rank == 4 || rank == 5;
        if (rank < 3 || rank > 5 || batch && data.shape().dim(0) != 1 || data.shape().numElements() == 0) {
            throw new DataException(what + " has the shape " + data.shape()
                    + ", expected [C, H, W], [1, C, H, W] or, with dates, [1, C, T, H, W]: one scene.");
        }
        int channels = Math.toIntExact(data.shape().dim(batch ? 1 : 0));
        OptionalInt dates = rank == 5 ? OptionalInt.of(Math.toIntExact(data.shape().dim(2))) : OptionalInt.empty();
        return new Image(what, data, channels, dates, Math.toIntExact(data.shape().dim(rank - 2)),
                Math.toIntExact(data.shape().dim(rank - 1)));
    }

    private record Image(String what, TensorData data, int bands, OptionalInt dates, int height, int width)
            implements SceneImage {
        @Override
        public float[] plane(int band, int date) {
            int pixels = Math.multiplyExact(height, width);
            int size = data.dtype().sizeBytes();
            long first = ((long) band * dates.orElse(1) + date) * pixels;
            return floats(data.bytes().asSlice(first * size, (long) pixels * size), pixels);
        }

        private float[] floats(MemorySegment bytes, int count) {
            float[] values = new float[count];
            for (int i = 0; i < count; i++) {
                values[i] = switch (data.dtype()) {
                    case F32 -> Float.intBitsToFloat(bytes.getAtIndex(INT, i));
                    case F16 -> Float.float16ToFloat(bytes.getAtIndex(SHORT, i));
                    case BF16 -> Float.intBitsToFloat(bytes.getAtIndex(SHORT, i) << 16);
                    case F64 -> (float) Double.longBitsToDouble(bytes.getAtIndex(LONG, i));
                    case I64 -> bytes.getAtIndex(LONG, i);
                    case I32 -> bytes.getAtIndex(INT, i);
                    case I16 -> bytes.getAtIndex(SHORT, i);
                    case I8 -> bytes.get(ValueLayout.JAVA_BYTE, i);
                    case U8, BOOL -> bytes.get(ValueLayout.JAVA_BYTE, i) & 0xff;
                };
            }
            return values;
        }

        @Override
        public String toString() {
            return what;
        }
    }
}
