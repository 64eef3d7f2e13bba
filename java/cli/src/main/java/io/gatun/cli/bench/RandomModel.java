// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import io.gatun.core.Checkpoint;
import io.gatun.core.TensorData;
import io.gatun.models.climanet.PatchSize;
import io.gatun.models.climanet.SpatioTemporalConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/** Random weights of a SpatioTemporalModel under the keys of upstream's modules. */
final class RandomModel {
    private final Map<String, TensorData> tensors = new LinkedHashMap<>();
    private final RandomTensors random = new RandomTensors();

    private RandomModel() {
    }

    static Checkpoint checkpoint(String source, SpatioTemporalConfig config) {
        RandomModel model = new RandomModel();
        model.encoder(config);
        model.temporal(config);
        for (int i = 0; i < config.spatialDepth(); i++) {
            model.spatialLayer("spatial_tr.enc.layers." + i, config.embedDim());
        }
        model.decoder(config);
        return new Checkpoint(source, "0".repeat(64), model.tensors, Map.of());
    }

    private void encoder(SpatioTemporalConfig config) {
        PatchSize patch = config.patchSize();
        layer("encoder.proj", config.embedDim(), 2L * config.inChans(), patch.time(), patch.height(), patch.width());
        norm("encoder.norm", config.embedDim());
    }

    private void temporal(SpatioTemporalConfig config) {
        long embed = config.embedDim();
        put("temporal.pos_days.pe", random.normal(0, 0.7, config.maxDays(), embed));
        put("temporal.pos_months.pe", random.normal(0, 0.7, config.maxMonths(), embed));
        norm("temporal.day_scorer.0", embed);
        layer("temporal.day_scorer.1", embed, embed);
        layer("temporal.day_scorer.3", 1, embed);
        norm("temporal.month_ln", embed);
        attention("temporal.month_attn", embed);
        norm("temporal.month_ffn.0", embed);
        layer("temporal.month_ffn.1", 4 * embed, embed);
        layer("temporal.month_ffn.3", embed, 4 * embed);
    }

    private void spatialLayer(String name, long embed) {
        attention(name + ".self_attn", embed);
        layer(name + ".linear1", 4 * embed, embed);
        layer(name + ".linear2", embed, 4 * embed);
        norm(name + ".norm1", embed);
        norm(name + ".norm2", embed);
    }

    private void decoder(SpatioTemporalConfig config) {
        long hidden = config.hidden();
        long channels = hidden / 2;
        long overlap = 2L * config.overlap();
        put("decoder.scale", random.positive(config.numMonths()));
        put("decoder.bias", random.normal(0, 0.1, config.numMonths()));
        layer("decoder.proj", hidden, config.embedDim(), 1, 1);
        put("decoder.deconv.weight", random.weight(
                hidden, channels, config.patchSize().height() + overlap, config.patchSize().width() + overlap));
        put("decoder.deconv.bias", random.normal(0, 0.1, channels));
        for (int i = 0; i <= 3; i += 3) {
            layer("decoder.refine." + i, channels, channels, 3, 3);
            String norm = "decoder.refine." + (i + 1);
            norm(norm, channels);
            put(norm + ".running_mean", random.normal(0, 0.1, channels));
            put(norm + ".running_var", random.positive(channels));
        }
        layer("decoder.head", 1, channels, 1, 1);
    }

    private void put(String name, TensorData tensor) {
        tensors.put(name, tensor);
    }

    private void layer(String name, long... shape) {
        put(name + ".weight", random.weight(shape));
        put(name + ".bias", random.normal(0, 0.1, shape[0]));
    }

    private void norm(String name, long width) {
        put(name + ".weight", random.positive(width));
        put(name + ".bias", random.normal(0, 0.1, width));
    }

    private void attention(String name, long width) {
        put(name + ".in_proj_weight", random.weight(3 * width, width));
        put(name + ".in_proj_bias", random.normal(0, 0.1, 3 * width));
        layer(name + ".out_proj", width, width);
    }
}
