// SPDX-License-Identifier: Apache-2.0
/** Layers and models under upstream's names; they take a checkpoint and read no files. */
module io.gatun.models {
    requires transitive io.gatun.core;
    requires jdk.jfr;

    exports io.gatun.models;
    exports io.gatun.models.climanet;
    exports io.gatun.models.layers;
    exports io.gatun.models.prithvi;
    exports io.gatun.models.terrafm;
    exports io.gatun.models.terramind;
    exports io.gatun.models.terramind.generation;
    exports io.gatun.models.terramind.tokenizer;
    exports io.gatun.models.vit;
}
