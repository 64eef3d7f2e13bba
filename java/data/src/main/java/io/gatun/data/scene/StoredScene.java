// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import java.time.LocalDate;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A scene of a folder.
 *
 * @param date empty only where the folder is one file without a date
 */
record StoredScene(String name, Optional<LocalDate> date, Supplier<OpenScene> opener) {
    OpenScene open() {
        return opener.get();
    }
}
