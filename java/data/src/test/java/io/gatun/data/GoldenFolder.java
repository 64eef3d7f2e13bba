// SPDX-License-Identifier: Apache-2.0
package io.gatun.data;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where a family of golden cases lies: in the folder GATUN_GOLDEN, else in ../shared/golden beside the checkout, else
 * the small part of it among the test resources.
 */
public final class GoldenFolder {
    /** Families with a runner; each runner asks {@link #find} for its cases. */
    private static final Set<String> IMPLEMENTED = Set.of("checkpoints", "climanet_seed", "decoders",
            "encoder_decoder", "heads", "necks", "prithvi", "temporal_wrapper", "terrafm", "terramind",
            "terramind_generation", "terramind_tokenizer");

    private GoldenFolder() {
    }

    public static Optional<Path> find(String family) {
        if (!IMPLEMENTED.contains(family)) {
            throw new AssertionError("a runner asks for " + family + ": add it to IMPLEMENTED");
        }
        String given = System.getenv("GATUN_GOLDEN");
        if (given != null) {
            return Optional.of(Path.of(given, family)).filter(Files::isDirectory);
        }
        return shared("golden").map(folder -> folder.resolve(family)).filter(Files::isDirectory)
                .or(() -> resource(family));
    }

    /** A folder of ../shared, where the checkout has one. */
    public static Optional<Path> shared(String name) {
        return Optional.ofNullable(System.getProperty("gatun.root"))
                .map(root -> Path.of(root).toAbsolutePath().resolveSibling("shared").resolve(name))
                .filter(Files::isDirectory);
    }

    /** Families of the golden folder that no runner takes yet. */
    public static List<String> pending() throws IOException {
        Optional<Path> folder = Optional.ofNullable(System.getenv("GATUN_GOLDEN")).map(Path::of)
                .or(() -> shared("golden"));
        if (folder.isEmpty()) {
            return List.of();
        }
        try (Stream<Path> families = Files.list(folder.get())) {
            return families.filter(Files::isDirectory).map(family -> family.getFileName().toString())
                    .filter(family -> !IMPLEMENTED.contains(family)).sorted().toList();
        }
    }

    /** The committed part of a family, among the resources of whichever module runs its tests. */
    public static Optional<Path> resource(String family) {
        URL url = Thread.currentThread().getContextClassLoader().getResource("golden/" + family);
        try {
            return url == null ? Optional.empty() : Optional.of(Path.of(url.toURI()));
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
