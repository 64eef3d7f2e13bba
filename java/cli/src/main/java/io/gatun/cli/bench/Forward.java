// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.models.climanet.MonthlyInput;
import io.gatun.models.climanet.PaddedDays;
import io.gatun.models.climanet.SpatioTemporalModel;
import java.util.Map;

/** A SpatioTemporalModel and its inputs in the memory of a device, ready to run again and again. */
public final class Forward implements AutoCloseable {
    private final SpatioTemporalModel model;
    private final Scope inputs;
    private final Tensor data;
    private final Tensor mask;
    private final MonthlyInput rest;

    /** The keys of the input are the names of upstream's arguments. */
    public Forward(Checkpoint weights, Map<String, TensorData> input, Device device, Precision precision) {
        model = SpatioTemporalModel.load(weights, device, precision);
        inputs = Scope.open(device);
        data = inputs.of(input.get("daily_data"));
        mask = inputs.of(input.get("daily_mask"));
        Tensor land = inputs.of(input.get("land_mask_patch"));
        Tensor padded = inputs.of(input.get("padded_days_mask"));
        rest = MonthlyInput.none().withLandMask(land).withPaddedDays(new PaddedDays(
                (int) padded.dim(0), (int) padded.dim(1), (int) padded.dim(2), padded.toBooleanArray()));
        inputs.sync();
    }

    /** One forward until its maps are in the memory of the device; their shape. */
    public Shape run() {
        try (Scope scope = Scope.open(model.device())) {
            Tensor maps = model.forward(scope, data, mask, rest);
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
            model.forward(scope, data, mask, rest);
            queued = System.nanoTime() - start;
            scope.sync();
        }
        return new Times(System.nanoTime() - start, queued);
    }

    /** The maps of one forward, f32 [B, M, H, W]. */
    public TensorData maps() {
        try (Scope scope = Scope.open(model.device())) {
            return model.forward(scope, data, mask, rest).toTensorData();
        }
    }

    @Override
    public void close() {
        inputs.close();
        model.close();
    }
}
