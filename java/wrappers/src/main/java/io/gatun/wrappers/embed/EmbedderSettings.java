// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.models.terrafm.Stem;
import io.gatun.models.terrafm.TerraFMConfig;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How an {@link Embedder} is set up; made by {@link Embedder#of}.
 *
 * @param model the name that was asked for
 * @param config the network
 * @param weights its weights
 * @param device where it runs; empty for {@link Device#best()}
 * @param precision of the products
 * @param providers by name
 * @param fetchWorkers threads that fetch for a batch; empty for the property or environment variable
 *     {@value #FETCH_WORKERS}, else 8
 * @param batchSize images that go through the model at once; empty for the property or environment variable
 *     {@value #BATCH_SIZE}, else 8 on a CPU and 64 on a GPU
 */
public record EmbedderSettings(String model, TerraFMConfig config, Optional<Checkpoint> weights,
        Optional<Device> device, Precision precision, Map<String, EmbeddingProvider> providers,
        OptionalInt fetchWorkers, OptionalInt batchSize) {
    /** Name of the property and of the environment variable for {@code fetchWorkers}. */
    public static final String FETCH_WORKERS = "RS_EMBED_TERRAFM_FETCH_WORKERS";
    /** Name of the property and of the environment variable for {@code batchSize}. */
    public static final String BATCH_SIZE = "RS_EMBED_TERRAFM_BATCH_SIZE";

    /**
     * Checks the numbers.
     *
     * @throws ArgumentException if a number is below 1
     */
    public EmbedderSettings {
        providers = Map.copyOf(providers);
        if (fetchWorkers.orElse(1) < 1 || batchSize.orElse(1) < 1) {
            throw new ArgumentException("fetch workers are " + fetchWorkers + " and the batch size " + batchSize
                    + "; expected at least 1");
        }
    }

    /**
     * The same with weights.
     *
     * @param checkpoint upstream's weights, such as TerraFM-B.pth
     * @return the settings
     */
    public EmbedderSettings weights(Checkpoint checkpoint) {
        return new EmbedderSettings(
                model, config, Optional.of(checkpoint), device, precision, providers, fetchWorkers, batchSize);
    }

    /**
     * The same for another network, such as a small one of one's own; its images have the configuration's size.
     *
     * @param network the network
     * @return the settings
     */
    public EmbedderSettings config(TerraFMConfig network) {
        return new EmbedderSettings(
                model, network, weights, device, precision, providers, fetchWorkers, batchSize);
    }

    /**
     * The same with another stem.
     *
     * @param stem which patch embedding Sentinel-2 goes through
     * @return the settings
     */
    public EmbedderSettings stem(Stem stem) {
        return config(config.withStem(stem));
    }

    /**
     * The same on a device.
     *
     * @param where it runs
     * @return the settings
     */
    public EmbedderSettings device(Device where) {
        return new EmbedderSettings(
                model, config, weights, Optional.of(where), precision, providers, fetchWorkers, batchSize);
    }

    /**
     * The same in another precision.
     *
     * @param products precision of the products
     * @return the settings
     */
    public EmbedderSettings precision(Precision products) {
        return new EmbedderSettings(
                model, config, weights, device, products, providers, fetchWorkers, batchSize);
    }

    /**
     * The same with one more provider.
     *
     * @param provider used by requests whose backend is its name
     * @return the settings
     * @throws ArgumentException if the name is tensor, auto, or taken
     */
    public EmbedderSettings provider(EmbeddingProvider provider) {
        String name = provider.name();
        Map<String, EmbeddingProvider> more = new LinkedHashMap<>(providers);
        boolean own = name.equals(EmbeddingRequest.TENSOR) || name.equals("auto");
        if (own || !name.equals(name.toLowerCase(Locale.ROOT)) || more.put(name, provider) != null) {
            throw new ArgumentException("a provider is called \"" + name + "\"; expected a name in lower case that no"
                    + " other provider has, and neither tensor nor auto");
        }
        return new EmbedderSettings(model, config, weights, device, precision, more, fetchWorkers, batchSize);
    }

    /**
     * The same with so many threads that fetch.
     *
     * @param threads at least 1
     * @return the settings
     */
    public EmbedderSettings fetchWorkers(int threads) {
        return new EmbedderSettings(
                model, config, weights, device, precision, providers, OptionalInt.of(threads), batchSize);
    }

    /**
     * The same with batches of another size.
     *
     * @param images at least 1
     * @return the settings
     */
    public EmbedderSettings batchSize(int images) {
        return new EmbedderSettings(
                model, config, weights, device, precision, providers, fetchWorkers, OptionalInt.of(images));
    }

    /**
     * Loads the weights.
     *
     * @return an embedder to be closed
     * @throws ArgumentException if there are no weights, or an environment variable is no number
     * @throws CheckpointException if the weights are not those of the network: every name that is missing, unexpected
     *     or of another shape
     */
    public Embedder open() {
        return Embedder.open(this);
    }

    /** Argument, then property, then environment, then default; upstream takes what is below 1 as 1. */
    static int number(OptionalInt argument, String name, Optional<String> property, Optional<String> environment,
            int otherwise) {
        if (argument.isPresent()) {
            return argument.getAsInt();
        }
        String text = property.or(() -> environment).orElse(Integer.toString(otherwise));
        try {
            return Math.max(1, Integer.parseInt(text.strip()));
        } catch (NumberFormatException e) {
            throw new ArgumentException(name + " is \"" + text + "\", expected a number such as " + otherwise, e);
        }
    }

    static int number(OptionalInt argument, String name, int otherwise) {
        return number(argument, name, Optional.ofNullable(System.getProperty(name)),
                Optional.ofNullable(System.getenv(name)), otherwise);
    }
}
