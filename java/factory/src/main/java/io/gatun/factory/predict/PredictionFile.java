// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.predict;

import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import io.gatun.data.safetensors.SafetensorsFile;
import io.gatun.factory.Task;
import io.gatun.factory.config.OutputKind;
import io.gatun.factory.config.TerraTorchConfig;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Writes a prediction, as a whole or not at all. Pixels that had no value carry the fill value, which is -1 for classes
 * and NaN in safetensors.
 */
final class PredictionFile {
    private static final float FILL = 9.96921e36f; // NC_FILL_FLOAT
    private static final int NO_CLASS = -1;
    private static final String CLASS = "class";

    private final Prediction prediction;
    private final TerraTorchConfig config;

    private PredictionFile(Prediction prediction, TerraTorchConfig config) {
        this.prediction = prediction;
        this.config = config;
    }

    /** Safetensors by the end of the target's name, else NetCDF. */
    static void write(Path target, Prediction prediction, TerraTorchConfig config, SceneFrame frame, String history) {
        PredictionFile file = new PredictionFile(prediction, config);
        if (target.toString().endsWith(".safetensors")) {
            file.writeTensors(target, history);
            return;
        }
        try (NetcdfWriter writer = NetcdfWriter.create(target)) {
            file.writeNetcdf(writer, frame, history);
            writer.commit();
        }
    }

    private boolean isMap() {
        return prediction.task() != Task.CLASSIFICATION;
    }

    private boolean isNumber() {
        return prediction.task() == Task.REGRESSION;
    }

    private void writeTensors(Path target, String history) {
        List<Long> map = isMap() ? List.of(1L, (long) prediction.height(), (long) prediction.width()) : List.of(1L);
        List<Long> byClass = new ArrayList<>(map);
        if (!isNumber()) {
            byClass.add(1, (long) prediction.classes());
        }
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        for (OutputKind kind : config.outputs()) {
            if (kind == OutputKind.PREDICTION && !isNumber()) {
                long[] labels = Arrays.stream(labels()).asLongStream().toArray();
                tensors.put(kind.lowerCase(), new TensorData(DType.I64, shape(map), MemorySegment.ofArray(labels)));
            } else {
                tensors.put(kind.lowerCase(), new TensorData(
                        DType.F32, shape(byClass), MemorySegment.ofArray(values(kind, Float.NaN))));
            }
        }
        SafetensorsFile.write(target, tensors, Map.of("history", history));
    }

    private static Shape shape(List<Long> extents) {
        return Shape.of(extents.stream().mapToLong(Long::longValue).toArray());
    }

    private void writeNetcdf(NetcdfWriter file, SceneFrame frame, String history) {
        boolean byClass = !isNumber() && config.outputs().stream().anyMatch(kind -> kind != OutputKind.PREDICTION);
        List<String> map = isMap() ? List.of(frame.rows(), frame.columns()) : List.of();
        if (isMap()) {
            file.dimension(frame.rows(), prediction.height());
            file.dimension(frame.columns(), prediction.width());
        }
        if (byClass) {
            file.dimension(CLASS, prediction.classes());
        }
        file.attribute("Conventions", AttributeValue.of("CF-1.8"));
        file.attribute("title", AttributeValue.of(prediction.task().name().toLowerCase(Locale.ROOT)));
        file.attribute("history", AttributeValue.of(history));
        List<Runnable> data = new ArrayList<>();
        if (isMap()) {
            frame.coordinates().forEach(each -> data.add(declare(file, each)));
        }
        if (byClass) {
            NetcdfWriter.Variable classes =
                    file.variable(CLASS, NetcdfType.INT, List.of(CLASS), flags(NetcdfType.INT, "class"));
            data.add(() -> classes.write(IntStream.range(0, prediction.classes()).toArray()));
        }
        for (OutputKind kind : config.outputs()) {
            data.add(declare(file, kind, map, frame));
        }
        data.forEach(Runnable::run);
    }

    private Runnable declare(NetcdfWriter file, SceneFrame.Coordinate each) {
        NetcdfWriter.Variable variable =
                file.variable(each.name(), each.type(), each.dimensions(), each.attributes());
        return () -> {
            if (each.type() == NetcdfType.INT) {
                variable.write(Arrays.stream(each.values()).mapToInt(value -> (int) value).toArray());
            } else {
                variable.write(each.values());
            }
        };
    }

    private Runnable declare(NetcdfWriter file, OutputKind kind, List<String> map, SceneFrame frame) {
        Map<String, AttributeValue> attributes = new LinkedHashMap<>();
        if (kind == OutputKind.PREDICTION && !isNumber()) {
            NetcdfType type = prediction.classes() <= Byte.MAX_VALUE ? NetcdfType.BYTE
                    : prediction.classes() <= Short.MAX_VALUE ? NetcdfType.SHORT : NetcdfType.INT;
            attributes.putAll(flags(type, "class of the largest logit"));
            attributes.put("_FillValue", AttributeValue.of(type, NO_CLASS));
            attributes.putAll(isMap() ? frame.attributes() : Map.of());
            NetcdfWriter.Variable variable = file.variable(kind.lowerCase(), type, map, attributes);
            return () -> write(variable, type, labels());
        }
        List<String> dimensions = new ArrayList<>(map);
        if (!isNumber()) {
            dimensions.addFirst(CLASS);
        }
        attributes.put("long_name", AttributeValue.of(isNumber() ? "predicted value"
                : kind == OutputKind.LOGITS ? "logit of the class" : "probability of the class"));
        attributes.put("_FillValue", AttributeValue.of(FILL));
        attributes.putAll(isMap() ? frame.attributes() : Map.of());
        NetcdfWriter.Variable variable = file.variable(kind.lowerCase(), NetcdfType.FLOAT, dimensions, attributes);
        return () -> variable.write(values(kind, FILL));
    }

    private static void write(NetcdfWriter.Variable variable, NetcdfType type, int[] labels) {
        switch (type) {
            case BYTE -> {
                byte[] values = new byte[labels.length];
                IntStream.range(0, labels.length).forEach(i -> values[i] = (byte) labels[i]);
                variable.write(values);
            }
            case SHORT -> {
                short[] values = new short[labels.length];
                IntStream.range(0, labels.length).forEach(i -> values[i] = (short) labels[i]);
                variable.write(values);
            }
            default -> variable.write(labels);
        }
    }

    /** CF's flags; a blank separates two names, so one within a name becomes an underscore. */
    private Map<String, AttributeValue> flags(NetcdfType type, String longName) {
        Map<String, AttributeValue> result = new LinkedHashMap<>();
        result.put("long_name", AttributeValue.of(longName));
        result.put("flag_values", AttributeValue.of(type, IntStream.range(0, prediction.classes())
                .asLongStream().toArray()));
        List<String> names = config.classNames().isEmpty()
                ? IntStream.range(0, prediction.classes()).mapToObj(c -> "class_" + c).toList() : config.classNames();
        result.put("flag_meanings", AttributeValue.of(String.join(" ", names.stream()
                .map(name -> name.strip().replaceAll("\\s+", "_")).toList())));
        return result;
    }

    private int[] labels() {
        int[] labels = prediction.labels();
        IntStream.range(0, labels.length).filter(prediction::isMissing).forEach(i -> labels[i] = NO_CLASS);
        return labels;
    }

    private float[] values(OutputKind kind, float fill) {
        float[] values = kind == OutputKind.PROBABILITIES ? prediction.probabilities() : prediction.logits();
        int pixels = prediction.height() * prediction.width();
        IntStream.range(0, values.length).filter(i -> prediction.isMissing(i % pixels))
                .forEach(i -> values[i] = fill);
        return values;
    }
}
