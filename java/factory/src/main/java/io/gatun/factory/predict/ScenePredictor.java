// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.predict;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.DeviceMemoryException;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import io.gatun.data.checkpoint.Checkpoints;
import io.gatun.factory.EncoderDecoderModel;
import io.gatun.factory.Task;
import io.gatun.factory.config.LightningCheckpoint;
import io.gatun.factory.config.TerraTorchConfig;
import io.gatun.models.Input;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A model of a TerraTorch configuration with its weights, which predicts scenes as a whole. For one thread.
 */
public final class ScenePredictor implements AutoCloseable {
    private final TerraTorchConfig config;
    private final Checkpoint weights;
    private final EncoderDecoderModel model;

    private ScenePredictor(TerraTorchConfig config, Checkpoint weights, EncoderDecoderModel model) {
        this.config = config;
        this.weights = weights;
        this.model = model;
    }

    /**
     * Builds the model.
     *
     * @param config what it is
     * @param checkpoint weights of a Lightning task or of the model alone; see {@link LightningCheckpoint}
     * @param prefix of the wanted tensors' names, where those of {@link LightningCheckpoint#model} are not wanted
     * @param device where to compute; on {@link Device#meta()} only {@link #plan} works
     * @param precision arithmetic of the products
     * @return the predictor; its caller closes it
     * @throws io.gatun.core.GatunException if the configuration fits no model, or the checkpoint not the model
     */
    public static ScenePredictor open(
            TerraTorchConfig config, Path checkpoint, Optional<String> prefix, Device device, Precision precision) {
        Checkpoint weights = LightningCheckpoint.of(Checkpoints.read(checkpoint), prefix);
        return new ScenePredictor(config, weights, config.blueprint().load(weights, device, precision));
    }

    /**
     * What a scene would be and become.
     *
     * @param input shape of the model's input, by modality
     * @param output shape of what the model gives
     */
    public record Plan(SequencedMap<String, Shape> input, Shape output) {}

    /**
     * Finds out what a scene would become, without reading its values.
     *
     * @param scene see {@link #predict}
     * @param variable see {@link #predict}
     * @return the plan
     * @throws io.gatun.core.GatunException if the scene does not fit the model
     */
    public Plan plan(Path scene, Optional<String> variable) {
        try (Scene open = Scene.open(scene, config, variable);
                Scope scope = Scope.open(model.device(), model.precision())) {
            SequencedMap<String, long[]> shapes = new LinkedHashMap<>();
            open.images().forEach((name, image) ->
                    shapes.put(name, PreparedScene.shapeOf(image, config.preprocessing().get(name), config)));
            if (config.concatenated()) {
                long[] all = shapes.firstEntry().getValue().clone();
                all[1] = shapes.values().stream().mapToLong(shape -> shape[1]).sum();
                shapes.clear();
                shapes.put(Input.IMAGE, all);
            }
            SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
            SequencedMap<String, Shape> input = new LinkedHashMap<>();
            shapes.forEach((name, shape) -> {
                tensors.put(name, scope.empty(DType.F32, shape));
                input.put(name, Shape.of(shape));
            });
            return new Plan(input, model.forward(scope, PreparedScene.input(tensors)).output().shape());
        }
    }

    /**
     * Predicts a scene.
     *
     * @param scene NetCDF, or safetensors where the name ends so
     * @param variable the image in it; else the only one that can be, or each band's own
     * @return the prediction, in memory
     * @throws io.gatun.core.DataException if the scene cannot be read, or has other bands than the configuration
     * @throws DeviceMemoryException if the whole scene does not fit into the device's memory
     */
    public Prediction predict(Path scene, Optional<String> variable) {
        try (Scene open = Scene.open(scene, config, variable)) {
            return predict(open);
        }
    }

    /**
     * Predicts a scene and writes what the configuration's {@code output_on_inference} asks for.
     *
     * @param scene see {@link #predict}
     * @param variable see {@link #predict}
     * @param output NetCDF, or safetensors where the name ends so; complete or not there
     * @throws io.gatun.core.GatunException see {@link #predict}, or if the output cannot be written
     */
    public void predictTo(Path scene, Optional<String> variable, Path output) {
        try (Scene open = Scene.open(scene, config, variable)) {
            Prediction prediction = predict(open);
            boolean sameSize = prediction.height() == open.height() && prediction.width() == open.width();
            PredictionFile.write(output, prediction, config, sameSize ? open.frame() : SceneFrame.bare(),
                    history(scene));
        }
    }

    private Prediction predict(Scene scene) {
        PreparedScene prepared = PreparedScene.of(scene, config);
        List<long[]> shapes = prepared.images().values().stream().map(PreparedScene.Image::shape).toList();
        try (Scope scope = Scope.open(model.device(), model.precision())) {
            SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
            prepared.images().forEach((name, image) -> tensors.put(name, scope.of(image.values(), image.shape())));
            Tensor output = model.forward(scope, PreparedScene.input(tensors)).output();
            Prediction prediction =
                    Prediction.of(config.task(), output, scene.height(), scene.width(), prepared.missing());
            requireNamedClasses(prediction);
            return prediction;
        } catch (DeviceMemoryException e) {
            throw new DeviceMemoryException("the whole scene, " + shapes.stream().map(Arrays::toString).toList()
                    + ", does not fit into the memory of " + model.device().name() + ", and this version does not cut"
                    + " scenes into tiles. Cut the scene into smaller ones, or take a device with more memory. ("
                    + e.getMessage() + ")", e);
        }
    }

    private void requireNamedClasses(Prediction prediction) {
        int names = config.classNames().size();
        if (config.task() != Task.REGRESSION && names > 0 && names != prediction.classes()) {
            throw new ArgumentException(config.source() + ": class_names has " + names + " names, and the model gives "
                    + prediction.classes() + " classes. Name each class once.");
        }
    }

    private String history(Path scene) {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS) + " gatun predict: configuration " + config.source()
                + ", checkpoint " + weights.source() + " (sha256 " + weights.digest() + "), input " + scene
                + ", precision " + model.precision();
    }

    @Override
    public void close() {
        model.close();
    }
}
