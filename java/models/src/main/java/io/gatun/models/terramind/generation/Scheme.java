// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

/** In which order tokens are found. */
public enum Scheme {
    /** Patches in random order, so many a step. */
    ROAR,
    /** Of all patches that are not known, those that are surest. */
    MASKGIT,
    /** Tokens of a text, one after the other. */
    AUTOREGRESSIVE
}
