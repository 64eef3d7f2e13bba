// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.config;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.factory.Blueprint;
import io.gatun.factory.EncoderDecoderFactory;
import io.gatun.factory.EncoderDecoderModel;
import io.gatun.factory.Task;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * What a TerraTorch configuration (the YAML of its {@code terratorch fit}) says about predictions: the model, what is
 * done to its input, and what is written of its output. Keys that concern training only are skipped.
 *
 * @param source the file, for messages
 * @param task what the model is for, by the task's class
 * @param modelArguments arguments of {@link EncoderDecoderFactory#buildModel}
 * @param outputs what is written; upstream's {@code output_on_inference}
 * @param classNames names of the classes; empty: numbers
 * @param preprocessing of each modality, by name in the model's order; one image is called
 *     {@link io.gatun.models.Input#IMAGE}
 * @param concatenated whether the modalities become one image, band after band
 * @param notes what the user should know
 */
public record TerraTorchConfig(String source, Task task, Map<String, Object> modelArguments, List<OutputKind> outputs,
        List<String> classNames, SequencedMap<String, Preprocessing> preprocessing, boolean concatenated,
        List<String> notes) {
    private static final List<String> SECTIONS = List.of("model", "data");

    /** Makes the maps unmodifiable. */
    public TerraTorchConfig {
        modelArguments = Collections.unmodifiableMap(new LinkedHashMap<>(modelArguments));
        preprocessing = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(preprocessing));
        outputs = List.copyOf(outputs);
        classNames = List.copyOf(classNames);
        notes = List.copyOf(notes);
    }

    /**
     * Reads a configuration.
     *
     * @param file YAML
     * @param ignoreKeys whether unknown keys are noted instead of refused
     * @return what it says
     * @throws DataException if the file cannot be read, or is no plain YAML
     * @throws ArgumentException if a class is unknown, or a key unknown, missing or of a wrong value
     */
    public static TerraTorchConfig read(Path file, boolean ignoreKeys) {
        Map<String, Object> all = YamlFile.read(file);
        ConfigReader config = new ConfigReader(file.toString(), ignoreKeys);
        var sections = config.section("", all, SECTIONS, SkippedKeys.TOP);
        ModelSection model = ModelSection.read(config, sections.dictionary("model").orElseThrow(
                () -> config.error("the section model is missing, expected one with class_path and init_args")));
        DataSection.Input data = DataSection.read(config, sections.dictionary("data").orElseThrow(
                () -> config.error("the section data is missing, expected a generic data module with means and stds")));
        return new TerraTorchConfig(file.toString(), model.task(), model.arguments(), model.outputs(),
                model.classNames(), data.modalities(), data.concatenated(), config.notes());
    }

    /**
     * The model without weights.
     *
     * @return what {@link EncoderDecoderFactory#buildModel} makes of {@link #modelArguments}
     * @throws ArgumentException see there
     */
    public Blueprint<EncoderDecoderModel> blueprint() {
        return EncoderDecoderFactory.buildModel(modelArguments);
    }
}
