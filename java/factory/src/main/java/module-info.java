// SPDX-License-Identifier: Apache-2.0
/** Encoder-decoder models, composed by name as TerraTorch composes them. */
module io.gatun.factory {
    requires transitive io.gatun.wrappers;
    requires org.snakeyaml.engine;

    exports io.gatun.factory;
    exports io.gatun.factory.config;
    exports io.gatun.factory.decoders;
    exports io.gatun.factory.heads;
    exports io.gatun.factory.necks;
    exports io.gatun.factory.predict;
    exports io.gatun.factory.registry;

    uses io.gatun.factory.registry.ModuleProvider;
}
