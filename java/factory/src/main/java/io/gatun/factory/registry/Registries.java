// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.registry;

import io.gatun.core.ArgumentException;
import io.gatun.factory.BackboneBuilder;
import io.gatun.factory.DecoderBuilder;
import io.gatun.factory.EncoderDecoderFactory;
import io.gatun.factory.FullModelBuilder;
import io.gatun.factory.FullModelFactory;
import io.gatun.factory.ModelFactory;
import io.gatun.factory.NeckBuilder;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * The registries of the process, upstream's BACKBONE_REGISTRY, NECK_REGISTRY, DECODER_REGISTRY, FULL_MODEL_REGISTRY and
 * MODEL_FACTORY_REGISTRY. The source
 * {@code terratorch} holds what Gatun builds under upstream's names, {@code timm} the plain ViTs; the sources
 * {@code smp} and {@code mmseg} say what to use in their place. More names come from code ({@link #backbones()} and the
 * others can be added to at any time) and from {@link ModuleProvider}s.
 */
public final class Registries {
    private final MultiSourceRegistry<BackboneBuilder> backboneRegistry = new MultiSourceRegistry<>("backbone");
    private final MultiSourceRegistry<NeckBuilder> neckRegistry = new MultiSourceRegistry<>("neck");
    private final MultiSourceRegistry<DecoderBuilder> decoderRegistry = new MultiSourceRegistry<>("decoder");
    private final MultiSourceRegistry<FullModelBuilder> fullModelRegistry = new MultiSourceRegistry<>("full model");
    private final MultiSourceRegistry<ModelFactory> modelFactoryRegistry = new MultiSourceRegistry<>("model factory");

    private Registries() {
        TerratorchModules.register(backboneRegistry, neckRegistry, decoderRegistry);
        fullModelRegistry.registerSource("terratorch", FullModels.registry());
        Registry<ModelFactory> factories = new Registry<>();
        factories.register("EncoderDecoderFactory", EncoderDecoderFactory::buildModel);
        factories.register("FullModelFactory", FullModelFactory::buildModel);
        modelFactoryRegistry.registerSource("terratorch", factories);
    }

    private static Registries instance;

    /** Made on first use; a provider that cannot be loaded is an error each time, and breaks nothing else. */
    private static synchronized Registries shared() {
        if (instance == null) {
            Registries registries = new Registries();
            try {
                ServiceLoader.load(ModuleProvider.class).forEach(provider -> provider.register(registries));
            } catch (ServiceConfigurationError e) {
                throw new ArgumentException("a " + ModuleProvider.class.getSimpleName() + " could not be loaded: "
                        + e.getMessage() + ". Correct its entry in META-INF/services or in its module, or leave its jar"
                        + " out.", e);
            }
            instance = registries;
        }
        return instance;
    }

    /**
     * Backbones by name.
     *
     * @return the registry of the process
     */
    public static MultiSourceRegistry<BackboneBuilder> backbones() {
        return shared().backboneRegistry;
    }

    /**
     * Necks by name.
     *
     * @return the registry of the process
     */
    public static MultiSourceRegistry<NeckBuilder> necks() {
        return shared().neckRegistry;
    }

    /**
     * Decoders by name.
     *
     * @return the registry of the process
     */
    public static MultiSourceRegistry<DecoderBuilder> decoders() {
        return shared().decoderRegistry;
    }

    /**
     * Whole models by name.
     *
     * @return the registry of the process
     */
    public static MultiSourceRegistry<FullModelBuilder> fullModels() {
        return shared().fullModelRegistry;
    }

    /**
     * Model factories by name.
     *
     * @return the registry of the process
     */
    public static MultiSourceRegistry<ModelFactory> modelFactories() {
        return shared().modelFactoryRegistry;
    }

    /**
     * The backbones of these registries, for a {@link ModuleProvider}, which runs before {@link #backbones()} is there.
     *
     * @return the registry to add to
     */
    public MultiSourceRegistry<BackboneBuilder> backboneRegistry() {
        return backboneRegistry;
    }

    /**
     * The necks of these registries, for a {@link ModuleProvider}.
     *
     * @return the registry to add to
     */
    public MultiSourceRegistry<NeckBuilder> neckRegistry() {
        return neckRegistry;
    }

    /**
     * The decoders of these registries, for a {@link ModuleProvider}.
     *
     * @return the registry to add to
     */
    public MultiSourceRegistry<DecoderBuilder> decoderRegistry() {
        return decoderRegistry;
    }

    /**
     * The full models of these registries, for a {@link ModuleProvider}.
     *
     * @return the registry to add to
     */
    public MultiSourceRegistry<FullModelBuilder> fullModelRegistry() {
        return fullModelRegistry;
    }

    /**
     * The model factories of these registries, for a {@link ModuleProvider}.
     *
     * @return the registry to add to
     */
    public MultiSourceRegistry<ModelFactory> modelFactoryRegistry() {
        return modelFactoryRegistry;
    }
}
