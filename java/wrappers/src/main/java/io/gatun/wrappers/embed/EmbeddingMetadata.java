// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.core.Device;
import io.gatun.wrappers.embed.OutputSpec.Mode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;

/** What is said of an embedding, under upstream's keys where it has them; null where a key does not apply. */
final class EmbeddingMetadata {
    /** The programs whose results these are. */
    private static final String REVISION = "mbzuai-oryx/TerraFM e186ad8, cybergis/rs-embed 6f46d0c";

    private EmbeddingMetadata() {}

    static Map<String, Object> prepared(long nanos) {
        return Map.of("prepare_s", nanos / 1e9);
    }

    static SequencedMap<String, Object> ofInput(InputCheck check, boolean normalised) {
        SequencedMap<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("input_check", check.metadata());
        metadata.put("normalized_here", normalised);
        return metadata;
    }

    static Map<String, Object> joined(Map<String, Object> first, Map<String, Object> more) {
        Map<String, Object> joined = new LinkedHashMap<>(first);
        joined.putAll(more);
        return joined;
    }

    static SequencedMap<String, Object> of(EmbedderSettings settings, Device device, EmbeddingRequest request,
            PreparedImage image, double forwardSeconds, int batchSize, boolean batch) {
        SensorSpec sensor = request.sensor();
        boolean fetches = !request.backend().equals(EmbeddingRequest.TENSOR);
        boolean radar = fetches && sensor.modality() == Modality.S1;
        SequencedMap<String, Object> all = new LinkedHashMap<>();
        all.put("model", settings.model());
        all.put("type", "on_the_fly");
        all.put("backend", request.backend());
        all.put("source", fetches ? sensor.collection() : null);
        all.put("modality", sensor.modality().text());
        all.put("bands", sensor.modality().bands());
        all.put("orbit", radar ? sensor.orbit().map(Enum::name).orElse(null) : null);
        all.put("use_float_linear", radar ? sensor.useFloatLinear() : null);
        all.put("s1_require_iw", radar ? sensor.s1RequireIw() : null);
        all.put("s1_relax_iw_on_empty", radar ? sensor.s1RelaxIwOnEmpty() : null);
        window(all, request);
        all.put("composite", fetches ? lower(sensor.composite()) : null);
        all.put("scale_m", fetches ? sensor.scaleM() : null);
        all.put("cloudy_pct", fetches ? sensor.cloudyPct() : null);
        all.put("image_size", settings.config().imgSize());
        all.put("output_mode", lower(request.output().mode()));
        all.put("pooling", request.output().mode() == Mode.POOLED ? "cls" : null);
        all.put("grid_type", null);
        all.put("stem", settings.config().stem().text());
        all.put("revision", REVISION);
        settings.weights().ifPresent(weights -> {
            all.put("weight_file", weights.source());
            all.put("weight_sha256", weights.digest());
        });
        all.put("device", device.name());
        all.put("precision", lower(settings.precision()));
        RoiWindow roi = image.window();
        all.put("roi_window", roi.isFull() ? null : List.of(roi.y0(), roi.y1(), roi.x0(), roi.x1()));
        all.putAll(image.metadata());
        all.put("batch_infer", batch);
        all.put("timing", timing(image, forwardSeconds, batchSize));
        return all;
    }

    private static void window(SequencedMap<String, Object> all, EmbeddingRequest request) {
        String start = null;
        String end = null;
        if (request.temporal().orElse(null) instanceof TemporalSpec.Range range) {
            start = range.start().toString();
            end = range.end().toString();
        }
        all.put("start", start);
        all.put("end", end);
    }

    private static SequencedMap<String, Object> timing(PreparedImage image, double forwardSeconds, int batchSize) {
        SequencedMap<String, Object> timing = new LinkedHashMap<>();
        timing.put("fetch_s", null);
        timing.putAll(image.timing());
        timing.put("forward_s", forwardSeconds);
        timing.put("forward_images", batchSize);
        return timing;
    }

    static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
