// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.registry;

/**
 * Adds parts of models to the registries; found through {@link java.util.ServiceLoader}, as upstream imports the
 * modules of a {@code custom_modules} folder. Called once, before the registries are first read.
 */
public interface ModuleProvider {
    /**
     * Registers sources and names.
     *
     * @param registries the registries of the process
     */
    void register(Registries registries);
}
