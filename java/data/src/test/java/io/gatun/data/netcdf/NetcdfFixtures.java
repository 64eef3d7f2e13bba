// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DataException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.junit.jupiter.api.function.Executable;

/** The files among the test resources, and what every error message must hold. */
final class NetcdfFixtures {
    static final String OISST = "oisst_v2_srilanka_2017_as_published.nc";

    private NetcdfFixtures() {}

    static Path path(String name) {
        try {
            return Path.of(NetcdfFixtures.class.getResource("/netcdf/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    static NetcdfFile open(String name) {
        return NetcdfFile.open(path(name));
    }

    static void assertDataException(Executable action, String... words) {
        String message = assertThrows(DataException.class, action).getMessage();
        for (String word : words) {
            assertTrue(message.contains(word), () -> "\"" + word + "\" is not in: " + message);
        }
    }
}
