// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** A model in ONNX Runtime, by its Java API: all graph optimisations, its other settings as they are. */
final class OnnxRuntime implements Engine.Session {
    private final OrtSession session;
    private final Map<String, OnnxTensor> inputs;

    private OnnxRuntime(OrtSession session, Map<String, OnnxTensor> inputs) {
        this.session = session;
        this.inputs = inputs;
    }

    static OnnxRuntime open(Path model, Map<String, TensorData> arguments, int threads) {
        OrtEnvironment environment = environment();
        try (var options = new OrtSession.SessionOptions()) {
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
            options.setIntraOpNumThreads(threads);
            options.setInterOpNumThreads(1);
            Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
            for (Map.Entry<String, TensorData> argument : arguments.entrySet()) {
                inputs.put(argument.getKey(), tensor(environment, argument.getValue()));
            }
            return new OnnxRuntime(environment.createSession(model.toString(), options), inputs);
        } catch (OrtException e) {
            throw failed(e);
        }
    }

    /** What its Java code throws where the native library is absent or does not fit depends on its version. */
    private static OrtEnvironment environment() {
        try {
            return OrtEnvironment.getEnvironment();
        } catch (RuntimeException | LinkageError e) {
            throw new ArgumentException("ONNX Runtime cannot be loaded (" + e + "). The Maven artifact"
                    + " com.microsoft.onnxruntime:onnxruntime holds it for Linux on x86-64 and arm64, and ./gatun"
                    + " verify -DskipTests puts it into bench/target; -Donnxruntime.native.path=FOLDER takes"
                    + " libonnxruntime.so and libonnxruntime4j_jni.so from a folder.");
        }
    }

    private static OnnxTensor tensor(OrtEnvironment environment, TensorData data) throws OrtException {
        long[] shape = data.shape().toArray();
        ByteBuffer bytes = ByteBuffer.allocateDirect(Math.toIntExact(data.bytes().byteSize()))
                .order(ByteOrder.nativeOrder());
        MemorySegment.ofBuffer(bytes).copyFrom(data.bytes());
        return switch (data.dtype()) {
            case F32 -> OnnxTensor.createTensor(environment, bytes.asFloatBuffer(), shape);
            case BOOL -> OnnxTensor.createTensor(environment, bytes, shape, OnnxJavaType.BOOL);
            default -> throw new ArgumentException("an input is " + data.dtype().torchName()
                    + "; those of SpatioTemporalModel are float32 and bool");
        };
    }

    @Override
    public int run() {
        try (OrtSession.Result result = session.run(inputs)) {
            return maps(result).getInfo().getShape().length;
        } catch (OrtException e) {
            throw failed(e);
        }
    }

    @Override
    public TensorData maps() {
        try (OrtSession.Result result = session.run(inputs)) {
            OnnxTensor maps = maps(result);
            FloatBuffer copy = maps.getFloatBuffer();
            float[] values = new float[copy.remaining()];
            copy.get(values);
            return new TensorData(DType.F32, Shape.of(maps.getInfo().getShape()), MemorySegment.ofArray(values));
        } catch (OrtException e) {
            throw failed(e);
        }
    }

    private static OnnxTensor maps(OrtSession.Result result) {
        return (OnnxTensor) result.get(0);
    }

    @Override
    public void close() {
        inputs.values().forEach(OnnxTensor::close);
        try {
            session.close();
        } catch (OrtException e) {
            throw failed(e);
        }
    }

    private static IllegalStateException failed(OrtException e) {
        return new IllegalStateException("ONNX Runtime: " + e.getMessage(), e);
    }
}
