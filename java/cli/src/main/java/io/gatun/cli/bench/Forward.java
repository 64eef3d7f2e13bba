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
import io.gatun.models.Input;
import io.gatun.models.Model;
import io.gatun.models.climanet.MonthlyInput;
import io.gatun.models.climanet.PaddedDays;
import io.gatun.models.climanet.SpatioTemporalModel;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A model and its inputs in the memory of a device, ready to run again and again. */
public final class Forward implements AutoCloseable {
    private final Model model;
    private final Scope inputs;
    private final Function<Scope, Tensor> forward;

    private Forward(Model model, Scope inputs, Function<Scope, Tensor> forward) {
        this.model = model;
        this.inputs = inputs;
        this.forward = forward;
        inputs.sync();
    }

    /**
     * An encoder-decoder model where the checkpoint has {@code model_args}, else a SpatioTemporalModel. The keys of the
     * input are the names of upstream's arguments, or {@code image}.
     */
    public static Forward of(Checkpoint weights, Map<String, TensorData> input, Device device, Precision precision) {
        Optional<Map<String, Object>> arguments = weights.section("model_args");
        Scope inputs = Scope.open(device);
        if (arguments.isPresent()) {
            EncoderDecoderModel model =
                    EncoderDecoderFactory.buildModel(arguments.get()).load(weights, device, precision);
            Input image = Input.of(inputs.of(input.get("image")));
            return new Forward(model, inputs, scope -> model.forward(scope, image).output());
        }
        SpatioTemporalModel model = SpatioTemporalModel.load(weights, device, precision);
        Tensor data = inputs.of(input.get("daily_data"));
        Tensor mask = inputs.of(input.get("daily_mask"));
        Tensor padded = inputs.of(input.get("padded_days_mask"));
        MonthlyInput rest = MonthlyInput.none().withLandMask(inputs.of(input.get("land_mask_patch")))
                .withPaddedDays(new PaddedDays((int) padded.dim(0), (int) padded.dim(1), (int) padded.dim(2),
                        padded.toBooleanArray()));
        return new Forward(model, inputs, scope -> model.forward(scope, data, mask, rest));
    }

    /** One forward until its maps are in the memory of the device; their shape. */
    public Shape run() {
        try (Scope scope = Scope.open(model.device())) {
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
        try (Scope scope = Scope.open(model.device())) {
            forward.apply(scope);
            queued = System.nanoTime() - start;
            scope.sync();
        }
        return new Times(System.nanoTime() - start, queued);
    }

    /** The maps of one forward, f32. */
    public TensorData maps() {
        try (Scope scope = Scope.open(model.device())) {
            return forward.apply(scope).toTensorData();
        }
    }

    @Override
    public void close() {
        inputs.close();
        model.close();
    }
}
