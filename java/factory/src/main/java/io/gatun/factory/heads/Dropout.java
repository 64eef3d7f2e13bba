// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.heads;

import io.gatun.core.ArgumentException;
import io.gatun.models.Arguments;

/** Dropout is the identity at inference; its argument is checked as upstream checks it. */
final class Dropout {
    private Dropout() {}

    static void read(String owner, Arguments arguments) {
        double dropout = arguments.number("dropout", 0);
        if (!(dropout >= 0 && dropout <= 1)) {
            throw new ArgumentException(owner + ": dropout is " + dropout + ", expected 0 to 1");
        }
    }
}
