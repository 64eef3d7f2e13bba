// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.DataException;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.models.terrafm.TerraFM;
import io.gatun.models.terrafm.TerraFMConfig;
import io.gatun.wrappers.embed.SpatialSpec.BoundingBox;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntFunction;

/**
 * rs-embed's TerraFM adapter: places and times, or pixels, in; embeddings out. Usable from many threads.
 *
 * <p>Upstream's program is that of rs-embed at commit 6f46d0c with its document of version 0.1 where the two differ:
 * {@code auto} and times that are no range are refused, and {@code tensor} takes pixels that are ready for the model.
 */
public final class Embedder implements AutoCloseable {
    private static final Map<String, String> SIZES = Map.of("terrafm", "terrafm_base", "terrafm_b", "terrafm_base",
            "terrafm_base", "terrafm_base", "terrafm_large", "terrafm_large");

    private final EmbedderSettings settings;
    private final Scope scope;
    private final EmbeddingForward forward;
    private final int fetchWorkers;
    private final int batchSize;

    private Embedder(EmbedderSettings settings, Scope scope, TerraFM model, int fetchWorkers, int batchSize) {
        this.settings = settings;
        this.scope = scope;
        this.forward = new EmbeddingForward(settings, scope, model);
        this.fetchWorkers = fetchWorkers;
        this.batchSize = batchSize;
    }

    /**
     * The adapter of a model.
     *
     * @param model {@code terrafm_b}, also called {@code terrafm} and {@code terrafm_base}; or {@code terrafm_large}
     * @return its settings, to be opened
     * @throws ArgumentException if there is no such adapter
     */
    public static EmbedderSettings of(String model) {
        String size = SIZES.get(model);
        if (size == null) {
            throw new ArgumentException("there is no embedder \"" + model + "\"; there are "
                    + String.join(", ", SIZES.keySet().stream().sorted().toList()));
        }
        return new EmbedderSettings(model, TerraFMConfig.named(size), Optional.empty(), Optional.empty(),
                Precision.STRICT, Map.of(), OptionalInt.empty(), OptionalInt.empty());
    }

    static Embedder open(EmbedderSettings settings) {
        Checkpoint weights = settings.weights().orElseThrow(() -> new ArgumentException(settings.model()
                + " has no weights; give those of MBZUAI/TerraFM (TerraFM-B.pth) with"
                + " weights(Checkpoints.read(file))"));
        Device device = settings.device().orElseGet(Device::best);
        int workers = EmbedderSettings.number(settings.fetchWorkers(), EmbedderSettings.FETCH_WORKERS, 8);
        int batch = EmbedderSettings.number(
                settings.batchSize(), EmbedderSettings.BATCH_SIZE, device.isCpu() ? 8 : 64);
        Scope scope = Scope.open(device, settings.precision());
        try {
            TerraFM model = TerraFM.loader(settings.config()).load(scope, weights);
            return new Embedder(withoutTensors(settings), scope, model, workers, batch);
        } catch (RuntimeException | Error e) {
            scope.close();
            throw e;
        }
    }

    /** The weights are on the device: of the file its name and digest are enough. */
    private static EmbedderSettings withoutTensors(EmbedderSettings settings) {
        return settings.weights().map(file -> settings.weights(
                new Checkpoint(file.source(), file.digest(), Map.of(), Map.of()))).orElse(settings);
    }

    /**
     * The embedding of a place: fetched by the request's backend. A box that is no square is enlarged to one, and the
     * result cut back to it.
     *
     * @param region where
     * @param request its backend is a provider's name
     * @return the embedding
     * @throws ArgumentException if the backend or the time is not one that the adapter takes
     * @throws DataException if nothing can be fetched, or the values cannot be meant
     */
    public Embedding getEmbedding(SpatialSpec region, EmbeddingRequest request) {
        if (request.data().isPresent() || request.inputChw().isPresent()) {
            return getEmbedding(request);
        }
        return getEmbeddingsBatch(List.of(region), request).getFirst();
    }

    /**
     * The embedding of the pixels of a request: of {@code data} with the backend tensor, of {@code inputChw} with any.
     *
     * @param request has one of the two
     * @return the embedding; of several images, with an axis {@code b}, where {@code data} are several
     * @throws ArgumentException if the backend is unknown, or there are no pixels
     * @throws ShapeException if the number of bands is not the modality's
     * @throws DataException if the values cannot be meant
     */
    public Embedding getEmbedding(EmbeddingRequest request) {
        Optional<EmbeddingProvider> provider = provider(request);
        if (request.inputChw().isPresent() && request.data().isPresent()) {
            throw new ArgumentException("the request has both data, which are ready for the model, and input_chw, which"
                    + " is raw; give one of them");
        }
        if (request.inputChw().isPresent()) {
            Raster raw = request.inputChw().get();
            return inBatches(1, _ -> given("input_chw", raw, request), request, false).getFirst();
        }
        if (provider.isPresent()) {
            throw new ArgumentException("backend " + request.backend() + " fetches pixels and the request has none;"
                    + " give a region, or input_chw");
        }
        Raster data = request.data().orElseThrow(() -> new ArgumentException("backend tensor needs pixels; give data"
                + " [C, H, W] or [B, C, H, W] that are ready for the model, or raw ones as input_chw"));
        InputCheck.bands("data", data, request.sensor().modality());
        List<Embedding> each = inBatches(data.images(), i -> ready(data.image(i), request), request, false);
        return data.isBatch() ? EmbeddingForward.stacked(each) : each.getFirst();
    }

    /**
     * The embeddings of many places: fetched on several threads, ahead of the model, and computed in batches.
     *
     * @param regions where
     * @param request its backend is a provider's name
     * @return one for each region, in their order
     * @throws ArgumentException if the backend or the time is not one that the adapter takes
     * @throws DataException if nothing can be fetched, or the values cannot be meant; it names the region's number
     */
    public List<Embedding> getEmbeddingsBatch(List<SpatialSpec> regions, EmbeddingRequest request) {
        EmbeddingProvider provider = provider(request).orElseThrow(() -> new ArgumentException("backend tensor fetches"
                + " nothing; give pixels: data or input_chw of one request, or getEmbeddingsBatchFromInputs"));
        TemporalSpec.Range time = range(request);
        return inBatches(regions.size(), i -> {
            String what = "region " + (i + 1) + " of " + regions.size();
            try {
                return fetched(what, provider, regions.get(i), time, request);
            } catch (DataException e) {
                throw e.getMessage().startsWith(what) ? e : new DataException(what + ": " + e.getMessage(), e);
            }
        }, request, regions.size() > 1);
    }

    /**
     * The embeddings of many images in raw units.
     *
     * @param regions where they are; for the metadata
     * @param inputs an image [C, H, W] for each region
     * @param request its sensor's modality says what they are
     * @return one for each image, in their order
     * @throws ArgumentException if regions and images are not as many
     * @throws ShapeException if the number of bands is not the modality's; it names the image's number
     * @throws DataException if the values cannot be meant; it names the image's number
     */
    public List<Embedding> getEmbeddingsBatchFromInputs(
            List<SpatialSpec> regions, List<Raster> inputs, EmbeddingRequest request) {
        if (regions.size() != inputs.size()) {
            throw new ArgumentException("there are " + regions.size() + " regions and " + inputs.size()
                    + " images; expected as many");
        }
        provider(request);
        return inBatches(inputs.size(), i -> given("input_chw " + (i + 1) + " of " + inputs.size(), inputs.get(i),
                request), request, true);
    }

    private Optional<EmbeddingProvider> provider(EmbeddingRequest request) {
        String backend = request.backend();
        if (backend.equals(EmbeddingRequest.TENSOR)) {
            return Optional.empty();
        }
        String known = String.join(", ", settings.providers().keySet().stream().sorted().toList());
        if (backend.equals("auto")) {
            throw new ArgumentException("backend auto: this adapter does not choose; name a provider ("
                    + (known.isEmpty() ? "none is set up" : known) + ") or tensor");
        }
        return Optional.of(Optional.ofNullable(settings.providers().get(backend)).orElseThrow(
                () -> new ArgumentException("there is no backend \"" + backend + "\"; there are tensor"
                        + (known.isEmpty() ? "" : ", " + known) + ". Add a provider of that name to the settings")));
    }

    private static TemporalSpec.Range range(EmbeddingRequest request) {
        return switch (request.temporal().orElseThrow(() -> new ArgumentException("backend " + request.backend()
                + " needs a time and the request has none; give TemporalSpec.range(start, end)"))) {
            case TemporalSpec.Range range -> range;
            case TemporalSpec.Year year -> throw new ArgumentException("the time is the year " + year.year()
                    + " and TerraFM takes a range; give TemporalSpec.range(\"" + year.year() + "-06-01\", \""
                    + year.year() + "-09-01\"), or another");
        };
    }

    private PreparedImage fetched(String what, EmbeddingProvider provider, SpatialSpec region,
            TemporalSpec.Range time, EmbeddingRequest request) {
        SquareRegion square = SquareRegion.of(region);
        long start = System.nanoTime();
        FetchedPatch patch = provider.fetch(square.region(), time, request.sensor());
        double seconds = (System.nanoTime() - start) / 1e9;
        Raster raw = patch.raster();
        if (raw.isBatch()) {
            throw new ShapeException(what + ": provider " + provider.name() + " gave shape " + raw.shape()
                    + ", expected one image [C, H, W]");
        }
        PreparedImage image = prepared(what, raw, request);
        Map<String, Object> metadata = EmbeddingMetadata.joined(patch.metadata(), image.metadata());
        BoundingBox bounds = square.region().bounds();
        metadata.put("bounds", List.of(bounds.minLon(), bounds.minLat(), bounds.maxLon(), bounds.maxLat()));
        double size = image.pixels().height();
        return new PreparedImage(image.pixels(), square.window(), patch.georeference().map(place ->
                place.withPixels(raw.height() / size, raw.width() / size)), metadata,
                EmbeddingMetadata.joined(Map.of("fetch_s", seconds), image.timing()));
    }

    private PreparedImage given(String what, Raster raw, EmbeddingRequest request) {
        if (raw.isBatch()) {
            throw new ShapeException(what + " has shape " + raw.shape() + ", expected one image [C, H, W]; give several"
                    + " to getEmbeddingsBatchFromInputs");
        }
        PreparedImage image = prepared(what, raw, request);
        return new PreparedImage(image.pixels(), RoiWindow.FULL, Optional.empty(),
                EmbeddingMetadata.joined(Map.of("input_override", true), image.metadata()), image.timing());
    }

    private PreparedImage prepared(String what, Raster raw, EmbeddingRequest request) {
        long start = System.nanoTime();
        Modality modality = request.sensor().modality();
        InputCheck check = InputCheck.raw(what, raw, modality);
        Raster pixels;
        try {
            pixels = TerraFMPreparation.prepared(raw, modality, settings.config().imgSize());
        } catch (DataException e) {
            throw new DataException(what + ": " + e.getMessage(), e);
        }
        return new PreparedImage(pixels, RoiWindow.FULL, Optional.empty(),
                EmbeddingMetadata.ofInput(check, true), EmbeddingMetadata.prepared(System.nanoTime() - start));
    }

    private PreparedImage ready(Raster data, EmbeddingRequest request) {
        long start = System.nanoTime();
        InputCheck check = InputCheck.ready("data", data, request.sensor().modality());
        Raster pixels = TerraFMPreparation.resized(data, settings.config().imgSize());
        return new PreparedImage(pixels, RoiWindow.FULL, Optional.empty(),
                EmbeddingMetadata.ofInput(check, false), EmbeddingMetadata.prepared(System.nanoTime() - start));
    }

    private List<Embedding> inBatches(
            int count, IntFunction<PreparedImage> images, EmbeddingRequest request, boolean batch) {
        List<Embedding> embeddings = new ArrayList<>(count);
        List<PreparedImage> waiting = new ArrayList<>();
        int workers = Math.max(1, Math.min(count, fetchWorkers));
        Prefetch.forEach(count, workers, batchSize + workers, images, image -> {
            waiting.add(image);
            if (waiting.size() == batchSize || embeddings.size() + waiting.size() == count) {
                embeddings.addAll(forward.run(waiting, request, batch));
                waiting.clear();
            }
        });
        return List.copyOf(embeddings);
    }

    /** Returns the memory of the weights. */
    @Override
    public void close() {
        scope.close();
    }
}
