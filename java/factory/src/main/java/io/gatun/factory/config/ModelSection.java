// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.config;

import io.gatun.factory.Task;
import io.gatun.models.Arguments;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The section {@code model}: a task of TerraTorch with its arguments.
 *
 * @param arguments of {@link io.gatun.factory.EncoderDecoderFactory#buildModel}
 */
record ModelSection(Task task, Map<String, Object> arguments, List<OutputKind> outputs, List<String> classNames) {
    private static final String ARGS = "model.init_args";
    private static final String FACTORY = "EncoderDecoderFactory";
    private static final String OLD_FACTORY = "PrithviModelFactory";

    private static final Map<String, Task> TASKS = tasks();
    private static final List<String> READ = List.of("model_args", "model_factory", "model", "aux_heads",
            "tiled_inference_parameters", "class_names");
    private static final List<String> READ_OF_CLASSES =
            List.of("output_on_inference", "output_most_probable");

    private static Map<String, Task> tasks() {
        Map<String, Task> tasks = new LinkedHashMap<>();
        tasks.put("SemanticSegmentationTask", Task.SEGMENTATION);
        tasks.put("PixelwiseRegressionTask", Task.REGRESSION);
        tasks.put("ClassificationTask", Task.CLASSIFICATION);
        return tasks;
    }

    static ModelSection read(ConfigReader config, Map<String, Object> given) {
        Arguments model = config.section("model", given, List.of("class_path", "init_args"), List.of());
        Task task = TASKS.get(config.terratorchClass("model.class_path", model.text("class_path"), TASKS.keySet()));
        List<String> read = new ArrayList<>(READ);
        if (task != Task.REGRESSION) {
            read.addAll(READ_OF_CLASSES);
        }
        Arguments args = config.section(ARGS, model.dictionary("init_args").orElse(Map.of()), read, SkippedKeys.TASK);
        if (args.has("model")) {
            throw config.error(ARGS + ".model is given, and modules of your own are not run. Use model_factory "
                    + FACTORY + " and model_args.");
        }
        if (args.has("tiled_inference_parameters")) {
            config.note("tiled_inference_parameters has no effect yet: the scene is computed whole, which gives other"
                    + " values than tiles do where it is larger than one");
        }
        Map<String, Object> arguments = modelArguments(config, args);
        arguments.put("task", task.name());
        return new ModelSection(task, arguments, outputs(args), classNames(config, args, arguments));
    }

    private static Map<String, Object> modelArguments(ConfigReader config, Arguments args) {
        Map<String, Object> arguments = new LinkedHashMap<>(args.dictionary("model_args").orElseThrow(
                () -> config.error(ARGS + ".model_args is missing, expected the arguments of " + FACTORY)));
        if (arguments.containsKey("task")) {
            throw config.error(ARGS + ".model_args.task is given, and model.class_path says the task already. Leave it"
                    + " out.");
        }
        String factory = args.text("model_factory", "");
        switch (factory.substring(factory.lastIndexOf('.') + 1)) {
            case FACTORY -> OldArguments.refuse(config, arguments);
            case OLD_FACTORY -> OldArguments.translate(config, arguments);
            default -> throw config.error(ARGS + ".model_factory is " + (factory.isEmpty() ? "missing" : factory)
                    + ", expected " + FACTORY + ", or " + OLD_FACTORY + " of older files. Other factories are not"
                    + " built: write the model for " + FACTORY + ".");
        }
        OldArguments.dropWithoutEffect(arguments);
        args.dictionaries("aux_heads").filter(heads -> !heads.isEmpty()).ifPresent(heads -> {
            if (arguments.put("aux_decoders", heads) != null) {
                throw config.error("auxiliary heads are given twice, in " + ARGS + ".aux_heads and in"
                        + " model_args.aux_decoders. Leave out the latter.");
            }
        });
        return arguments;
    }

    /** The deprecated {@code output_most_probable: false} wins over the other key, as upstream. */
    private static List<OutputKind> outputs(Arguments args) {
        return args.flag("output_most_probable", true)
                ? OutputKind.all(args.value("output_on_inference").orElse("prediction"))
                : List.of(OutputKind.PROBABILITIES);
    }

    private static List<String> classNames(ConfigReader config, Arguments args, Map<String, Object> arguments) {
        Optional<List<String>> names = args.value("class_names").map(given -> given instanceof List<?> list
                ? list.stream().map(String::valueOf).toList() : List.of(String.valueOf(given)));
        if (names.isPresent() && arguments.get("num_classes") instanceof Integer classes
                && classes != names.get().size()) {
            throw config.error(ARGS + ".class_names has " + names.get().size() + " names, model_args.num_classes is "
                    + classes + ". Name each class once.");
        }
        return names.orElse(List.of());
    }
}
