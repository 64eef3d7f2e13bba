// SPDX-License-Identifier: Apache-2.0
package io.gatun.data;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a family of golden cases lies: in the folder GATUN_GOLDEN, else in ../shared/golden beside the checkout, else
 * the small part of it among the test resources.
 */
public final class GoldenFolder {
    private GoldenFolder() {
    }

    public static Optional<Path> find(String family) {
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

    /** The committed part of a family. */
    public static Optional<Path> resource(String family) {
        URL url = GoldenFolder.class.getResource("/golden/" + family);
        try {
            return url == null ? Optional.empty() : Optional.of(Path.of(url.toURI()));
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
