// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.GatunException;

/** Errors by type and by the words that matter. */
final class Refusals {
    private Refusals() {}

    static void refused(Class<? extends GatunException> type, Runnable work, String... words) {
        String message = assertThrows(type, work::run).getMessage();
        for (String word : words) {
            assertTrue(message.contains(word), () -> "\"" + word + "\" is not in: " + message);
        }
    }
}
