// SPDX-License-Identifier: Apache-2.0
package io.gatun.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.gatun.core.Checkpoint;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import io.gatun.data.internal.Json;
import io.gatun.data.safetensors.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/** One golden case: its JSON and its tensors, and the comparison that the JSON prescribes. */
public final class GoldenCase {
    private final String name;
    private final Map<String, Object> description;
    private final Path tensorsFile;
    private Checkpoint tensors;

    private GoldenCase(Path json) {
        String stem = json.getFileName().toString().replaceAll("\\.json$", "");
        try {
            description = Json.parseObject(Files.readString(json));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        name = description.get("family") + "/" + stem;
        tensorsFile = json.resolveSibling(stem + ".safetensors");
    }

    // Read when first needed: a family in memory at once would be too much.
    private Checkpoint tensors() {
        if (tensors == null) {
            tensors = SafetensorsFile.read(tensorsFile);
        }
        return tensors;
    }

    /** One test for each case of a family, named family/case; a skipped one that says why where there are none. */
    public static Stream<DynamicTest> family(String family, Consumer<GoldenCase> test) throws IOException {
        return family(family, _ -> true, test);
    }

    /** One test for each case of a family that is wanted. */
    public static Stream<DynamicTest> family(String family, Predicate<GoldenCase> wanted, Consumer<GoldenCase> test)
            throws IOException {
        Optional<Path> folder = GoldenFolder.find(family);
        if (folder.isEmpty()) {
            return Stream.of(dynamicTest(family, () -> abort("no golden cases of " + family + " in GATUN_GOLDEN,"
                    + " ../shared/golden or the test resources")));
        }
        try (Stream<Path> files = Files.list(folder.get())) {
            List<GoldenCase> cases = files.filter(file -> file.toString().endsWith(".json")).sorted()
                    .map(GoldenCase::new).filter(wanted).toList();
            assertTrue(!cases.isEmpty(), folder.get() + " has no cases");
            return cases.stream().map(golden -> dynamicTest(golden.name, () -> {
                test.accept(golden);
                golden.tensors = null;
            }));
        }
    }

    /** Upstream's class, the one that the case runs. */
    public String upstreamClass() {
        return (String) section("upstream").get("class");
    }

    /** Constructor arguments; those that are absent have upstream's defaults. */
    public Map<String, Object> constructor() {
        return section("constructor");
    }

    /** Arguments of the call. */
    public Map<String, Object> forward() {
        return section("forward");
    }

    /** What else the JSON says. */
    public Object described(String key) {
        return description.get(key);
    }

    /** An integer among the constructor's arguments. */
    public int constructor(String key, int otherwise) {
        return constructor().get(key) instanceof Number number ? number.intValue() : otherwise;
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> section(String key) {
        return (Map<String, Object>) description.getOrDefault(key, Map.of());
    }

    /** The weights as a checkpoint of their own. */
    public Checkpoint weights() {
        Map<String, TensorData> weights = new LinkedHashMap<>();
        tensors().tensors().forEach((key, tensor) -> {
            if (key.startsWith("weights/")) {
                weights.put(key.substring("weights/".length()), tensor);
            }
        });
        return new Checkpoint(name, tensors().digest(), weights, Map.of());
    }

    /** Tensors that are numbered below a path, such as input/features, in their order. */
    public List<TensorData> numbered(String path) {
        return IntStream.iterate(0, i -> has(path + "/" + i), i -> i + 1)
                .mapToObj(i -> tensor(path + "/" + i)).toList();
    }

    public boolean has(String key) {
        return tensors().tensors().containsKey(key);
    }

    public TensorData tensor(String key) {
        TensorData tensor = tensors().tensors().get(key);
        assertTrue(tensor != null, () -> name + " has no tensor " + key);
        return tensor;
    }

    /** Element by element |actual - expected| <= atol + rtol |expected|, NaN where NaN is expected; shapes exactly. */
    public void compare(String key, Shape shape, float[] actual) {
        TensorData expected = tensor(key);
        assertEquals(expected.shape(), shape, () -> name + " " + key);
        Map<String, Object> tolerance = section("tolerance");
        double rtol = ((Number) tolerance.get("rtol")).doubleValue();
        double atol = ((Number) tolerance.get("atol")).doubleValue();
        double worst = 0;
        double worstRelative = 0;
        double worstShare = 0;
        for (int i = 0; i < actual.length; i++) {
            float wanted = expected.bytes().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
            if (Float.isNaN(wanted) && Float.isNaN(actual[i])) {
                continue;
            }
            double error = Math.abs((double) actual[i] - wanted);
            double share = error / (atol + rtol * Math.abs(wanted));
            worstShare = Double.isNaN(share) ? Double.POSITIVE_INFINITY : Math.max(worstShare, share);
            worst = Math.max(worst, error);
            worstRelative = Math.max(worstRelative, error / Math.abs(wanted));
        }
        String report = "%s %s: largest absolute error %.3g, largest relative %.3g, %.3g of the tolerance"
                .formatted(name, key, worst, worstRelative, worstShare);
        assertTrue(worstShare <= 1, report);
    }

    /**
     * |actual - expected| <= limit |expected| as norms of the whole tensor, NaN where NaN is expected; shapes exactly.
     */
    public void compareNorm(String key, Shape shape, float[] actual, double limit) {
        TensorData expected = tensor(key);
        assertEquals(expected.shape(), shape, () -> name + " " + key);
        double apart = 0;
        double whole = 0;
        for (int i = 0; i < actual.length; i++) {
            float wanted = expected.bytes().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
            assertEquals(Float.isNaN(wanted), Float.isNaN(actual[i]), name + " " + key + " at " + i);
            if (!Float.isNaN(wanted)) {
                apart += Math.pow((double) actual[i] - wanted, 2);
                whole += Math.pow(wanted, 2);
            }
        }
        double share = Math.sqrt(apart / whole);
        assertTrue(share <= limit, "%s %s: %.3g of the norm, limit %.3g".formatted(name, key, share, limit));
    }

    @Override
    public String toString() {
        return name;
    }
}
