// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.factory.EncoderDecoderFactory;
import io.gatun.factory.EncoderDecoderModel;
import io.gatun.factory.registry.Registries;
import io.gatun.models.Arguments;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.Model;
import io.gatun.models.climanet.MonthlyInput;
import io.gatun.models.climanet.PaddedDays;
import io.gatun.models.climanet.SpatioTemporalModel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Function;

/** A model and its inputs in the memory of a device, ready to run again and again. */
public final class Forward implements AutoCloseable {
    private final Runnable model;
    private final Scope inputs;
    private final Function<Scope, Tensor> forward;

    /** What closes the model, its inputs, and how it runs. */
    private Forward(Runnable model, Scope inputs, Function<Scope, Tensor> forward) {
        this.model = model;
        this.inputs = inputs;
        this.forward = forward;
        inputs.sync();
    }

    /**
     * An encoder-decoder model where the checkpoint has {@code model_args}, a backbone where it has {@code
     * backbone_args} ({@code backbone}, its name, and its arguments), whose last feature are the maps, of a generator
     * its last output; else a SpatioTemporalModel. The keys of the input are the names of upstream's arguments, of
     * modalities, or {@code image}.
     */
    public static Forward of(Checkpoint weights, Map<String, TensorData> input, Device device, Precision precision) {
        Optional<Map<String, Object>> arguments = weights.section("model_args");
        Optional<Map<String, Object>> backbone = weights.section("backbone_args");
        Scope inputs = Scope.open(device);
        if (arguments.isPresent()) {
            EncoderDecoderModel model =
                    EncoderDecoderFactory.buildModel(arguments.get()).load(weights, device, precision);
            Input images = images(inputs, input);
            return new Forward(model::close, inputs, scope -> model.forward(scope, images).output());
        }
        if (backbone.isPresent()) {
            Scope parameters = Scope.open(device, precision);
            Backbone model = backbone(parameters, weights, backbone.get());
            Input images = images(inputs, input);
            // A generator is closed itself.
            Runnable close = model instanceof Model own ? own::close : parameters::close;
            return new Forward(close, inputs, scope -> maps(model.forward(scope, images).getLast()));
        }
        SpatioTemporalModel model = SpatioTemporalModel.load(weights, device, precision);
        Tensor data = inputs.of(input.get("daily_data"));
        Tensor mask = inputs.of(input.get("daily_mask"));
        Tensor padded = inputs.of(input.get("padded_days_mask"));
        MonthlyInput rest = MonthlyInput.none().withLandMask(inputs.of(input.get("land_mask_patch")))
                .withPaddedDays(new PaddedDays((int) padded.dim(0), (int) padded.dim(1), (int) padded.dim(2),
                        padded.toBooleanArray()));
        return new Forward(model::close, inputs, scope -> model.forward(scope, data, mask, rest));
    }

    private static Tensor maps(Feature feature) {
        return feature instanceof Feature.ByModality outputs
                ? outputs.values().lastEntry().getValue() : feature.tensor();
    }

    private static Backbone backbone(Scope scope, Checkpoint weights, Map<String, Object> given) {
        Map<String, Object> rest = new LinkedHashMap<>(given);
        String name = String.valueOf(rest.remove("backbone"));
        Arguments arguments = Arguments.of(name, rest);
        Loader<? extends Backbone> loader = Registries.backbones().get(name).build(arguments);
        arguments.finish();
        return loader.load(scope, weights);
    }

    private static Input images(Scope scope, Map<String, TensorData> input) {
        SequencedMap<String, Tensor> images = new LinkedHashMap<>();
        input.forEach((name, image) -> images.put(name, scope.of(image)));
        return Input.of(images);
    }

    /** One forward until its maps are in the memory of the device; their shape. */
    public Shape run() {
        try (Scope scope = Scope.open(inputs.device())) {
            Tensor maps = forward.apply(scope);
            scope.sync();
            return maps.shape();
        }
    }

    /** Nanoseconds of one forward: until its maps are in the memory of the device, and of these until all is queued. */
    public record Times(long whole, long queued) {
    }

    /** One more forward. */
    public Times time() {
        long start = System.nanoTime();
        long queued;
        try (Scope scope = Scope.open(inputs.device())) {
            forward.apply(scope);
            queued = System.nanoTime() - start;
            scope.sync();
        }
        return new Times(System.nanoTime() - start, queued);
    }

    /** The maps of one forward, f32. */
    public TensorData maps() {
        try (Scope scope = Scope.open(inputs.device())) {
            return forward.apply(scope).toTensorData();
        }
    }

    @Override
    public void close() {
        inputs.close();
        model.run();
    }
}
