// SPDX-License-Identifier: Apache-2.0
/**
 * Files in and out: weights (safetensors, PyTorch checkpoints) and gridded data. Readers check what they read, never
 * execute it, and refuse what is malformed with a typed error; writers write beside their target and move into place.
 */
@SuppressWarnings("module") // io.gatun.cli is compiled after this module
module io.gatun.data {
    requires transitive io.gatun.core;
    requires com.fasterxml.jackson.core;
    requires io.jhdf;
    requires java.xml;

    exports io.gatun.data.checkpoint;
    exports io.gatun.data.crs;
    exports io.gatun.data.geotiff;
    exports io.gatun.data.internal to io.gatun.cli;
    exports io.gatun.data.json;
    exports io.gatun.data.netcdf;
    exports io.gatun.data.safetensors;
    exports io.gatun.data.scene;
    exports io.gatun.data.window;
}
