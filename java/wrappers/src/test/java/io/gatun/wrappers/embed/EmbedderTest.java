// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DataException;
import io.gatun.core.Device;
import io.gatun.core.GatunException;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.models.terrafm.Stem;
import io.gatun.models.terrafm.TerraFM;
import io.gatun.models.terrafm.TerraFMConfig;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EmbedderTest {
    private static final TerraFMConfig SMALL =
            new TerraFMConfig(32, 8, 16, 2, 2, 4, true, 1e-6, Stem.UPSTREAM_EXACT, List.of(1),
                    OptionalDouble.empty());
    private static final Checkpoint WEIGHTS = Structure.of(TerraFM.loader(SMALL)::load).random(3);
    private static final TemporalSpec SUMMER = TemporalSpec.range("2022-06-01", "2022-09-01");
    private static final SpatialSpec PLACE = SpatialSpec.pointBuffer(121.5, 31.2, 2048);

    private static EmbedderSettings settings() {
        return Embedder.of("terrafm_b").config(SMALL).weights(WEIGHTS).device(Device.cpu());
    }

    private static Raster digital(int height, int width, long seed) {
        return random(12, height, width, seed, 9000);
    }

    private static Raster random(int bands, int height, int width, long seed, float scale) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[bands * height * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() * scale;
        }
        return Raster.of(values, bands, height, width);
    }

    private static EmbeddingRequest memory() {
        return EmbeddingRequest.of("memory").withTemporal(SUMMER);
    }

    private static EmbeddingRequest tensor() {
        return EmbeddingRequest.of(EmbeddingRequest.TENSOR);
    }

    private static float[] model(Raster prepared, boolean grid) {
        try (Scope scope = Scope.open(Device.cpu())) {
            TerraFM model = TerraFM.loader(SMALL).load(scope, StateDict.of(WEIGHTS));
            Tensor image = scope.of(prepared.values(), 1, prepared.bands(), prepared.height(), prepared.width());
            return (grid ? model.extractFeature(scope, image, List.of(1)).getFirst() : model.forward(scope, image))
                    .toFloatArray();
        }
    }

    @Test
    void aPlaceIsFetchedPreparedAndEmbedded() {
        MemoryProvider provider = new MemoryProvider(_ -> digital(41, 41, 1));
        try (Embedder embedder = settings().provider(provider).open()) {
            Raster prepared = TerraFMPreparation.prepared(digital(41, 41, 1), Modality.S2, 32);
            Embedding pooled = embedder.getEmbedding(PLACE, memory());
            assertEquals(Shape.of(16), pooled.shape());
            assertEquals(List.of("d"), pooled.dims());
            assertArrayEquals(model(prepared, false), pooled.data());
            Embedding grid = embedder.getEmbedding(PLACE, memory().withOutput(OutputSpec.grid()));
            assertEquals(Shape.of(16, 4, 4), grid.shape());
            assertEquals(List.of("d", "y", "x"), grid.dims());
            assertArrayEquals(model(prepared, true), grid.data());
            assertEquals(List.of(16, 4, 4), grid.metadata().get("grid_shape"));
            assertEquals("EPSG:3857", grid.metadata().get("crs"));
            assertEquals(List.of(102.5, 0.0, 1000.0, 0.0, -102.5, 2000.0), grid.metadata().get("transform"));
        }
        assertEquals(new MemoryProvider.Asked(PLACE, (TemporalSpec.Range) SUMMER, SensorSpec.s2()),
                provider.asked.getFirst());
    }

    @Test
    void radarGoesThroughItsOwnPreparation() {
        Raster raw = random(2, 20, 20, 8, 0.6f);
        raw.values()[3] = Float.NaN;
        try (Embedder embedder = settings().provider(new MemoryProvider(_ -> raw)).open()) {
            SensorSpec sensor = SensorSpec.s1().withOrbit(SensorSpec.Orbit.ASCENDING);
            Embedding embedding = embedder.getEmbedding(PLACE, memory().withSensor(sensor));
            assertArrayEquals(model(TerraFMPreparation.prepared(raw, Modality.S1, 32), false), embedding.data());
            assertEquals("ASCENDING", embedding.metadata().get("orbit"));
            assertEquals(true, embedding.metadata().get("use_float_linear"));
            assertEquals("COPERNICUS/S1_GRD_FLOAT", embedding.metadata().get("source"));
            assertEquals(1 / 800.0, ((Map<?, ?>) embedding.metadata().get("input_check")).get("missing_share"));
        }
    }

    @Test
    void metadataSayWhatWasDone() {
        try (Embedder embedder = settings().stem(Stem.L2A_STEM).provider(new MemoryProvider(_ -> digital(32, 32, 1)))
                .open()) {
            Map<String, Object> provided = embedder.getEmbedding(
                    PLACE, memory().withSensor(SensorSpec.s2().withScaleM(20).withCloudyPct(15))).metadata();
            Map<String, Object> expected = new HashMap<>(Map.of("model", "terrafm_b", "backend", "memory", "source",
                    "COPERNICUS/S2_SR_HARMONIZED", "modality", "s2", "start", "2022-06-01", "end", "2022-09-01",
                    "composite", "median", "scale_m", 20, "cloudy_pct", 15, "output_mode", "pooled"));
            expected.putAll(Map.of("pooling", "cls", "stem", "l2a-stem", "weight_sha256", WEIGHTS.digest(),
                    "weight_file", WEIGHTS.source(), "image_size", 32, "device", "cpu", "precision", "strict", "type",
                    "on_the_fly", "scenes", 3, "normalized_here", true));
            expected.forEach((key, value) -> assertEquals(value, provided.get(key), key));
            for (String none : List.of("orbit", "use_float_linear", "grid_type", "roi_window")) {
                assertTrue(provided.containsKey(none), none);
                assertNull(provided.get(none), none);
            }
            assertTrue(((String) provided.get("revision")).contains("TerraFM"));
            Map<?, ?> timing = (Map<?, ?>) provided.get("timing");
            for (String step : List.of("fetch_s", "prepare_s", "forward_s")) {
                assertTrue((double) timing.get(step) >= 0, step);
            }
            assertEquals(true, ((Map<?, ?>) provided.get("input_check")).get("ok"));

            Embedding grid = embedder.getEmbedding(tensor().withInputChw(digital(32, 32, 1))
                    .withOutput(OutputSpec.grid()));
            assertEquals("feature_map", grid.metadata().get("grid_type"));
            assertEquals(true, grid.metadata().get("input_override"));
            for (String none : List.of("source", "start", "end", "scale_m", "cloudy_pct", "composite")) {
                assertNull(grid.metadata().get(none), none);
            }
            assertEquals(embedder.getEmbedding(PLACE, memory().withOutput(OutputSpec.grid())).metadata().keySet()
                    .containsAll(provided.keySet()), true);
        }
    }

    /** Twice as wide as high: the square is fetched, and the rows of the middle come back. */
    @Test
    void aBoxThatIsNoSquareIsEnlargedAndCutBack() {
        Raster scene = digital(32, 32, 2);
        MemoryProvider provider = new MemoryProvider(_ -> scene);
        SpatialSpec box = SpatialSpec.boundingBox(0, -0.05, 0.2, 0.05);
        try (Embedder embedder = settings().provider(provider).open()) {
            float[] whole = model(TerraFMPreparation.prepared(scene, Modality.S2, 32), true);
            Embedding grid = embedder.getEmbedding(box, memory().withOutput(OutputSpec.grid()));
            assertEquals(Shape.of(16, 2, 4), grid.shape());
            assertEquals(List.of(80.0, 0.0, 1000.0, 0.0, -80.0, 1920.0), grid.metadata().get("transform"));
            Embedding mean = embedder.getEmbedding(box, memory());
            Embedding max = embedder.getEmbedding(
                    box, memory().withOutput(OutputSpec.pooled(OutputSpec.Pooling.MAX)));
            assertEquals("roi_grid_mean", mean.metadata().get("pooling"));
            assertEquals("roi_grid_max", max.metadata().get("pooling"));
            for (int d = 0; d < 16; d++) {
                float[] rows = Arrays.copyOfRange(whole, d * 16 + 4, d * 16 + 12);
                assertArrayEquals(rows, Arrays.copyOfRange(grid.data(), d * 8, d * 8 + 8));
                double sum = 0;
                float largest = rows[0];
                for (float value : rows) {
                    sum += value;
                    largest = Math.max(largest, value);
                }
                assertEquals(sum / 8, mean.data()[d], 1e-6);
                assertEquals(largest, max.data()[d]);
            }
        }
        SpatialSpec.BoundingBox fetched = provider.asked.getFirst().region().bounds();
        assertEquals(0.1, fetched.maxLat(), 1e-4);
    }

    @Test
    void tensorDataAreResizedAndNothingElse() {
        Raster ready = random(12, 20, 24, 5, 1);
        try (Embedder embedder = settings().open()) {
            Embedding one = embedder.getEmbedding(tensor().withData(ready));
            assertArrayEquals(model(TerraFMPreparation.resized(ready, 32), false), one.data());
            float[] two = Arrays.copyOf(ready.values(), 2 * ready.values().length);
            System.arraycopy(random(12, 20, 24, 6, 1).values(), 0, two, ready.values().length, ready.values().length);
            Embedding both = embedder.getEmbedding(tensor().withData(new Raster(Shape.of(2, 12, 20, 24), two))
                    .withOutput(OutputSpec.grid()));
            assertEquals(Shape.of(2, 16, 4, 4), both.shape());
            assertEquals(List.of("b", "d", "y", "x"), both.dims());
            assertArrayEquals(model(TerraFMPreparation.resized(ready, 32), true),
                    Arrays.copyOf(both.data(), 16 * 16));
            assertEquals(false, both.metadata().get("normalized_here"));
        }
    }

    @Test
    void inputChwGoesThroughThePreparationWhateverTheBackend() {
        Raster raw = digital(20, 24, 5);
        float[] expected = model(TerraFMPreparation.prepared(raw, Modality.S2, 32), false);
        MemoryProvider provider = new MemoryProvider(_ -> {
            throw new AssertionError("nothing is to be fetched");
        });
        try (Embedder embedder = settings().provider(provider).open()) {
            assertArrayEquals(expected, embedder.getEmbedding(tensor().withInputChw(raw)).data());
            assertArrayEquals(expected, embedder.getEmbedding(PLACE, memory().withInputChw(raw)).data());
        }
    }

    @Test
    void stemChangesSentinel2AndNotSentinel1() {
        try (Embedder exact = settings().open(); Embedder l2a = settings().stem(Stem.L2A_STEM).open()) {
            EmbeddingRequest optical = tensor().withInputChw(digital(32, 32, 1));
            EmbeddingRequest radar = tensor().withInputChw(random(2, 32, 32, 1, 1)).withSensor(SensorSpec.s1());
            assertFalse(Arrays.equals(exact.getEmbedding(optical).data(), l2a.getEmbedding(optical).data()));
            assertArrayEquals(exact.getEmbedding(radar).data(), l2a.getEmbedding(radar).data());
            assertEquals("upstream-exact", exact.getEmbedding(optical).metadata().get("stem"));
        }
    }

    @Test
    void aBatchIsInOrderAndHasTheBitsOfSingleCallsWhateverWorkersAndBatchSize() {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        MemoryProvider provider = new MemoryProvider(region -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            long seed = Math.round(region.bounds().minLon());
            try {
                Thread.sleep(seed % 3 * 10);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            running.decrementAndGet();
            return digital(32, 32, seed);
        });
        List<SpatialSpec> places = IntStream.range(0, 11)
                .<SpatialSpec>mapToObj(i -> SpatialSpec.pointBuffer(i, 10, 100)).toList();
        try (Embedder single = settings().provider(provider).open();
                Embedder small = settings().provider(provider).fetchWorkers(3).batchSize(4).open();
                Embedder large = settings().provider(provider).fetchWorkers(1).batchSize(64).open()) {
            List<Embedding> few = small.getEmbeddingsBatch(places, memory());
            assertTrue(most.get() <= 3, "at most 3 threads, were " + most);
            assertTrue(most.get() > 1, "nothing was fetched at the same time");
            List<Embedding> many = large.getEmbeddingsBatch(places, memory());
            assertEquals(11, few.size());
            for (int i = 0; i < 11; i++) {
                float[] alone = single.getEmbedding(places.get(i), memory()).data();
                assertArrayEquals(alone, few.get(i).data());
                assertArrayEquals(alone, many.get(i).data());
                assertEquals(true, few.get(i).metadata().get("batch_infer"));
            }
            assertEquals(3, ((Map<?, ?>) few.getLast().metadata().get("timing")).get("forward_images"));
            assertEquals(List.of(), small.getEmbeddingsBatch(List.of(), memory()));
        }
    }

    @Test
    void aBatchOfInputsIsThatOfSingleCalls() {
        List<Raster> inputs = List.of(digital(32, 32, 1), digital(16, 50, 2), digital(40, 40, 3));
        List<SpatialSpec> places = List.of(PLACE, PLACE, PLACE);
        try (Embedder embedder = settings().batchSize(2).open()) {
            List<Embedding> batch = embedder.getEmbeddingsBatchFromInputs(places, inputs, tensor());
            for (int i = 0; i < 3; i++) {
                assertArrayEquals(embedder.getEmbedding(tensor().withInputChw(inputs.get(i))).data(),
                        batch.get(i).data());
            }
            says(ArgumentException.class, () -> embedder.getEmbeddingsBatchFromInputs(places, inputs.subList(0, 2),
                    tensor()), "3 regions and 2 images");
            says(ShapeException.class, () -> embedder.getEmbeddingsBatchFromInputs(places,
                    List.of(inputs.get(0), random(3, 8, 8, 1, 9000), inputs.get(2)), tensor()), "input_chw 2 of 3",
                    "C = 3");
        }
    }

    @Test
    void severalThreadsMayUseOneEmbedder() throws Exception {
        try (Embedder embedder = settings().open(); ExecutorService threads = Executors.newFixedThreadPool(4)) {
            EmbeddingRequest request = tensor().withInputChw(digital(32, 32, 9));
            float[] expected = embedder.getEmbedding(request).data();
            List<Future<Embedding>> results = IntStream.range(0, 8)
                    .mapToObj(_ -> threads.submit(() -> embedder.getEmbedding(request))).toList();
            for (Future<Embedding> result : results) {
                assertArrayEquals(expected, result.get().data());
            }
        }
    }

    @Test
    void backendsAndTimesThatTheAdapterDoesNotTakeAreRefused() {
        try (Embedder embedder = settings().provider(new MemoryProvider(_ -> digital(8, 8, 1))).open()) {
            says(ArgumentException.class, () -> embedder.getEmbedding(PLACE, EmbeddingRequest.of("auto")),
                    "backend auto", "memory", "tensor");
            says(ArgumentException.class, () -> embedder.getEmbedding(PLACE, EmbeddingRequest.of("gee")),
                    "no backend \"gee\"", "memory");
            says(ArgumentException.class, () -> embedder.getEmbedding(PLACE, EmbeddingRequest.of("memory")),
                    "the request has none", "TemporalSpec.range");
            says(ArgumentException.class, () -> embedder.getEmbedding(
                    PLACE, EmbeddingRequest.of("memory").withTemporal(TemporalSpec.year(2022))), "the year 2022",
                    "range");
            says(ArgumentException.class, () -> embedder.getEmbedding(memory()), "give a region");
            says(ArgumentException.class, () -> embedder.getEmbedding(tensor()), "backend tensor needs pixels");
            says(ArgumentException.class, () -> embedder.getEmbeddingsBatch(List.of(PLACE, PLACE), tensor()),
                    "getEmbeddingsBatchFromInputs");
            says(ArgumentException.class, () -> embedder.getEmbedding(
                    tensor().withInputChw(digital(8, 8, 1)).withData(digital(8, 8, 1))), "both");
        }
    }

    @Test
    void imagesOfOtherBandsAreRefused() {
        try (Embedder embedder = settings().provider(new MemoryProvider(_ -> random(13, 8, 8, 1, 9000))).open()) {
            says(ShapeException.class, () -> embedder.getEmbedding(tensor().withData(random(3, 8, 8, 1, 1))),
                    "C = 3", "C = 12", "C = 2");
            says(ShapeException.class, () -> embedder.getEmbedding(tensor().withData(random(2, 8, 8, 1, 1))),
                    "modality is s2", "SensorSpec.s1()");
            says(ShapeException.class, () -> embedder.getEmbedding(
                    tensor().withInputChw(digital(8, 8, 1)).withSensor(SensorSpec.s1())), "modality is s1");
            says(ShapeException.class, () -> embedder.getEmbedding(PLACE, memory()), "region 1 of 1", "C = 13");
            Raster batch = new Raster(Shape.of(2, 12, 4, 4), new float[384]);
            says(ShapeException.class, () -> embedder.getEmbedding(tensor().withInputChw(batch)), "one image",
                    "getEmbeddingsBatchFromInputs");
        }
    }

    @Test
    void valuesThatContradictThePathAreRefused() {
        Raster ready = random(12, 8, 8, 1, 1);
        Raster decibels = random(2, 8, 8, 1, -20);
        try (Embedder embedder = settings().open()) {
            says(DataException.class, () -> embedder.getEmbedding(tensor().withInputChw(ready)), "normalised already",
                    "10000");
            says(DataException.class, () -> embedder.getEmbedding(tensor().withData(digital(8, 8, 1))),
                    "expected normalised", "input_chw");
            says(DataException.class, () -> embedder.getEmbedding(tensor().withInputChw(random(12, 8, 8, 1, -20))),
                    "mostly negative");
            says(DataException.class, () -> embedder.getEmbedding(
                    tensor().withInputChw(decibels).withSensor(SensorSpec.s1())), "decibels", "use_float_linear");
            says(DataException.class, () -> embedder.getEmbedding(
                    tensor().withData(decibels).withSensor(SensorSpec.s1())), "mostly negative", "decibels");
            Raster hole = random(12, 8, 8, 1, 1);
            hole.values()[5] = Float.POSITIVE_INFINITY;
            says(DataException.class, () -> embedder.getEmbedding(tensor().withData(hole)), "not finite");
        }
    }

    @Test
    void missingDataAreFilledAndAnImageWithoutAnyIsRefusedWithItsNumber() {
        Raster holes = digital(32, 32, 1);
        Raster filled = digital(32, 32, 1);
        Arrays.fill(holes.values(), 0, 100, Float.NaN);
        Arrays.fill(filled.values(), 0, 100, 0);
        Raster empty = digital(32, 32, 1);
        Arrays.fill(empty.values(), Float.NaN);
        MemoryProvider provider = new MemoryProvider(place -> place.bounds().minLon() > 4 ? empty : filled);
        List<SpatialSpec> places = List.of(SpatialSpec.pointBuffer(1, 1, 9), SpatialSpec.pointBuffer(5, 1, 9));
        try (Embedder embedder = settings().provider(provider).open()) {
            assertArrayEquals(embedder.getEmbedding(tensor().withInputChw(filled)).data(),
                    embedder.getEmbedding(tensor().withInputChw(holes)).data());
            says(DataException.class, () -> embedder.getEmbeddingsBatch(places, memory()), "region 2 of 2",
                    "has no value");
        }
    }

    @Test
    void aFailureOfTheProviderNamesTheRegion() {
        MemoryProvider provider = new MemoryProvider(_ -> {
            throw new DataException("there is no scene");
        });
        try (Embedder embedder = settings().provider(provider).open()) {
            says(DataException.class, () -> embedder.getEmbeddingsBatch(List.of(PLACE, PLACE), memory()),
                    "region 1 of 2: there is no scene");
        }
    }

    @Test
    void weightsThatAreMissingOrOfAnotherModelAreRefused() {
        says(ArgumentException.class, () -> Embedder.of("terrafm_b").open(), "no weights", "TerraFM-B.pth");
        says(CheckpointException.class, () -> Embedder.of("terrafm_b").config(SMALL).device(Device.cpu())
                .weights(new Checkpoint("vit.pth", "", Map.<String, TensorData>of("pos_embed",
                        WEIGHTS.tensors().get("cls_token")), Map.of())).open(), "vit.pth", "cls_token");
        says(ArgumentException.class, () -> Embedder.of("terrafm_x"), "terrafm_x", "terrafm_large");
    }

    @Test
    void settingsPreferArgumentsToPropertiesToTheEnvironment() {
        OptionalInt none = OptionalInt.empty();
        Optional<String> two = Optional.of("2");
        Optional<String> three = Optional.of(" 3 ");
        assertEquals(1, EmbedderSettings.number(OptionalInt.of(1), "N", two, three, 4));
        assertEquals(2, EmbedderSettings.number(none, "N", two, three, 4));
        assertEquals(3, EmbedderSettings.number(none, "N", Optional.empty(), three, 4));
        assertEquals(4, EmbedderSettings.number(none, "N", Optional.empty(), Optional.empty(), 4));
        assertEquals(1, EmbedderSettings.number(none, "N", Optional.of("-7"), three, 4));
        says(ArgumentException.class, () -> EmbedderSettings.number(none, "N", Optional.of("many"), three, 4),
                "N is \"many\"");
        says(ArgumentException.class, () -> settings().batchSize(0), "at least 1");
        MemoryProvider provider = new MemoryProvider(_ -> digital(8, 8, 1));
        says(ArgumentException.class, () -> settings().provider(provider).provider(provider), "\"memory\"");
    }

    @Test
    void placesTimesAndSensorsAreChecked() {
        says(ArgumentException.class, () -> SpatialSpec.boundingBox(10, 0, 9, 1), "10.0 to 9.0");
        says(ArgumentException.class, () -> SpatialSpec.boundingBox(0, Double.NaN, 9, 1), "NaN");
        says(ArgumentException.class, () -> SpatialSpec.pointBuffer(181, 0, 5), "181.0");
        says(ArgumentException.class, () -> SpatialSpec.pointBuffer(0, 0, 0), "buffer of 0.0");
        says(ArgumentException.class, () -> TemporalSpec.range("2022-09-01", "2022-06-01"), "before");
        says(ArgumentException.class, () -> TemporalSpec.range("1 June", "2022-06-01"), "1 June");
        says(ArgumentException.class, () -> TemporalSpec.year(0), "year 0");
        says(ArgumentException.class, () -> SensorSpec.s2().withCloudyPct(101), "101");
        says(ArgumentException.class, () -> new SensorSpec("x", List.of("B2", "B3"), 10, 30, 0,
                SensorSpec.Composite.MEDIAN, Modality.S2, Optional.empty(), true, true, true), "[B2, B3]");
        says(ShapeException.class, () -> Raster.of(new float[11], 12, 1, 1), "11 values");
        assertEquals("COPERNICUS/S1_GRD", SensorSpec.s1().withUseFloatLinear(false).collection());
        assertEquals(2 * 2048, (PLACE.bounds().maxLon() - PLACE.bounds().minLon()) * Math.PI / 180 * 6378137, 1e-6);
    }

    private static void says(Class<? extends GatunException> type, Runnable action, String... parts) {
        String message = assertThrows(type, action::run).getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }
}
