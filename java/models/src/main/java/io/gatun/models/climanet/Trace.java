// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Tensor;

/** Sees the results of single stages, so that parity tests can find the place where two implementations part. */
@FunctionalInterface
interface Trace {
    Trace NONE = (_, _) -> {};

    void accept(String stage, Tensor result);
}
