// SPDX-License-Identifier: Apache-2.0
/** Jobs around the models: files in, results out, with the preprocessing that a checkpoint was trained with. */
module io.gatun.wrappers {
    requires transitive io.gatun.data;
    requires transitive io.gatun.models;

    exports io.gatun.wrappers.embed;
    exports io.gatun.wrappers.generate;
    exports io.gatun.wrappers.reconstruct;
    exports io.gatun.wrappers.temporal;
}
