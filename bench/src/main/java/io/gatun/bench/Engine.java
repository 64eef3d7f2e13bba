// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import io.gatun.cli.bench.Forward;
import io.gatun.core.ArgumentException;
import io.gatun.core.CpuOptions;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.TensorData;
import java.nio.file.Files;
import java.nio.file.Path;

/** Who runs a model on the CPU. */
public enum Engine {
    GATUN("Gatun") {
        @Override
        Session load(Path onnx, int threads) {
            return new Gatun(WorkloadFile.read(inputs(onnx)), Device.cpu(CpuOptions.DEFAULT.withThreads(threads)));
        }
    },
    ONNX_RUNTIME("ONNX Runtime") {
        @Override
        Session load(Path onnx, int threads) {
            return OnnxRuntime.open(onnx, WorkloadFile.read(inputs(onnx)).input(), threads);
        }
    };

    final String title;

    Engine(String title) {
        this.title = title;
    }

    /** A model and its inputs in memory. */
    interface Session extends AutoCloseable {
        /** One forward until its maps are in memory; the number of their axes. */
        int run();

        /** The maps of one forward, f32 [B, M, H, W]. */
        TensorData maps();

        @Override
        void close();
    }

    /**
     * Loads what {@code bench/peers/export_onnx.py} wrote.
     *
     * @param onnx the model in the ONNX format; weights and inputs lie beside it in a {@link WorkloadFile}
     * @param threads that compute
     * @throws ArgumentException if one of the files is absent, or ONNX Runtime cannot be loaded
     */
    final Session open(Path onnx, int threads) {
        for (Path file : new Path[] {onnx, inputs(onnx)}) {
            if (!Files.isRegularFile(file)) {
                throw new ArgumentException(file + " is absent. It is made with a Python that has torch, onnx and"
                        + " onnxscript: python bench/peers/export_onnx.py --shape W1 --output " + onnx);
            }
        }
        return load(onnx, threads);
    }

    abstract Session load(Path onnx, int threads);

    private static Path inputs(Path onnx) {
        return onnx.resolveSibling(onnx.getFileName().toString().replaceFirst("\\.onnx$", "") + ".safetensors");
    }

    private record Gatun(Forward forward, Device device) implements Session {
        Gatun(WorkloadFile workload, Device device) {
            this(Forward.of(workload.weights(), workload.input(), device, Precision.STRICT), device);
        }

        @Override
        public int run() {
            return forward.run().rank();
        }

        @Override
        public TensorData maps() {
            return forward.maps();
        }

        @Override
        public void close() {
            forward.close();
            device.close();
        }
    }
}
