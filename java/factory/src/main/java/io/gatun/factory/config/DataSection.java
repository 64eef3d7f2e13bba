// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.config;

import io.gatun.core.ArgumentException;
import io.gatun.models.Arguments;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.SequencedMap;

/** The section {@code data}: what TerraTorch's generic data modules do to an image, in their words. */
final class DataSection {
    private static final String ARGS = "data.init_args";
    private static final String CLASSIFICATION = "GenericNonGeoClassificationDataModule";
    private static final String MULTIMODAL = "GenericMultiModalDataModule";
    private static final List<String> MODULES = List.of("GenericNonGeoSegmentationDataModule",
            "GenericNonGeoPixelwiseRegressionDataModule", CLASSIFICATION, MULTIMODAL);
    private static final List<String> READ = List.of("means", "stds", "dataset_bands", "output_bands",
            "predict_dataset_bands", "predict_output_bands", "constant_scale", "expand_temporal_dimension",
            "no_data_replace", "test_transform");
    private static final List<String> READ_OF_MODALITIES =
            List.of("modalities", "image_modalities", "concat_bands", "channel_position");
    /** Upstream applies the test transform to a prediction's input; these leave its values as they are. */
    private static final List<String> NEUTRAL =
            List.of("ToTensorV2", "FlattenTemporalIntoChannels", "UnflattenTemporalFromChannels");

    private final ConfigReader config;
    private final Arguments args;
    private final boolean expands;
    private final OptionalDouble noDataReplace;

    private DataSection(ConfigReader config, Arguments args, boolean classification) {
        this.config = config;
        this.args = args;
        this.expands = args.flag("expand_temporal_dimension", false);
        // Upstream's default for classification is 0, for the others none.
        this.noDataReplace = args.has("no_data_replace") || classification
                ? OptionalDouble.of(args.number("no_data_replace", 0)) : OptionalDouble.empty();
    }

    /** What is done to each modality; one that is to be concatenated with the others has its place among them. */
    static Input read(ConfigReader config, Map<String, Object> given) {
        Arguments data = config.section("data", given, List.of("class_path", "init_args"), List.of("dict_kwargs"));
        String module = config.terratorchClass("data.class_path", data.text("class_path"), MODULES);
        boolean multimodal = module.equals(MULTIMODAL);
        List<String> read = new ArrayList<>(READ);
        List<String> skipped = new ArrayList<>(SkippedKeys.DATA);
        if (multimodal) {
            read.addAll(READ_OF_MODALITIES);
            skipped.addAll(SkippedKeys.MULTIMODAL);
        }
        Arguments args =
                config.section(ARGS, data.dictionary("init_args").orElse(Map.of()), read, skipped);
        DataSection section = new DataSection(config, args, module.equals(CLASSIFICATION));
        section.requireNeutralTransforms();
        return multimodal ? section.modalities() : new Input(
                new LinkedHashMap<>(Map.of(io.gatun.models.Input.IMAGE, section.image())), false);
    }

    /**
     * What the section says.
     *
     * @param modalities by name in the model's order
     * @param concatenated whether they become one image
     */
    record Input(SequencedMap<String, Preprocessing> modalities, boolean concatenated) {}

    private void requireNeutralTransforms() {
        for (Object each : flat(args.value("test_transform").orElse(List.of()))) {
            String path = String.valueOf(each instanceof Map<?, ?> map ? map.get("class_path") : each);
            if (!NEUTRAL.contains(path.substring(path.lastIndexOf('.') + 1))) {
                config.refuseUnlessIgnored(ARGS + ".test_transform", "has " + path + ", which TerraTorch applies to the"
                        + " input of a prediction and Gatun does not; it takes " + NEUTRAL + ". Prepare the input so.");
            }
        }
    }

    /** One transform, several, or some for each modality. */
    private static List<Object> flat(Object given) {
        return switch (given) {
            case List<?> list -> list.stream().flatMap(each -> flat(each).stream()).toList();
            case Map<?, ?> map when !map.containsKey("class_path") ->
                map.values().stream().filter(Objects::nonNull).flatMap(each -> flat(each).stream()).toList();
            default -> List.of(given);
        };
    }

    private Preprocessing image() {
        Optional<List<String>> dataset = bands("predict_dataset_bands").or(() -> bands("dataset_bands"));
        Optional<List<String>> output = bands("predict_output_bands").or(() -> bands("output_bands"));
        if (output.isPresent() && dataset.isEmpty()) {
            throw config.error(ARGS + ".output_bands is given without dataset_bands. Name the file's bands in order.");
        }
        OptionalInt expanded = OptionalInt.empty();
        if (expands) {
            if (output.isEmpty() || output.get().size() != dataset.orElseThrow().size()) {
                throw config.error(ARGS + ".expand_temporal_dimension needs output_bands, and as many dataset_bands:"
                        + " upstream takes one number of bands from one and places from the other. Found output_bands "
                        + output.orElse(List.of()) + ", dataset_bands " + dataset.orElse(List.of()) + ".");
            }
            expanded = OptionalInt.of(output.get().size());
        }
        return preprocessing(dataset, output, expanded, args.number("constant_scale", 1),
                statistics("means", required("means")), statistics("stds", required("stds")));
    }

    private Input modalities() {
        List<String> names = args.texts("image_modalities").or(() -> args.texts("modalities"))
                .orElseThrow(() -> config.error(ARGS + ".modalities is missing, expected their names"));
        if (args.texts("modalities").filter(all -> !all.equals(names)).isPresent()) {
            throw config.error(ARGS + ".modalities has others than image_modalities " + names
                    + "; only images are read. Name images only.");
        }
        if (args.integer("channel_position", -3) != -3) {
            throw config.error(ARGS + ".channel_position is " + args.integer("channel_position", -3) + ", expected -3:"
                    + " bands lie before rows and columns. Leave it out.");
        }
        Map<String, Object> means = dictionary("means", required("means"));
        Map<String, Object> stds = dictionary("stds", required("stds"));
        Map<String, Object> dataset = byModality("predict_dataset_bands").or(() -> byModality("dataset_bands"))
                .orElse(Map.of());
        Map<String, Object> output = byModality("predict_output_bands").or(() -> byModality("output_bands"))
                .orElse(Map.of());
        Map<String, Object> scales = byModality("constant_scale").orElse(Map.of());
        SequencedMap<String, Preprocessing> result = new LinkedHashMap<>();
        for (String name : names) {
            Optional<List<String>> present = of(dataset, name).map(list -> Bands.names(config, "dataset_bands", list));
            Optional<List<String>> wanted = of(output, name).map(list -> Bands.names(config, "output_bands", list));
            if (wanted.isPresent() && present.isEmpty()) {
                throw config.error(ARGS + ".output_bands." + name + " is given without dataset_bands." + name + ".");
            }
            // Upstream expands only where bands are selected.
            boolean selects = wanted.isPresent() && !wanted.equals(present);
            OptionalInt expanded =
                    expands && selects ? OptionalInt.of(present.orElseThrow().size()) : OptionalInt.empty();
            if (expands && !selects) {
                config.note("expand_temporal_dimension has no effect on " + name + ", as in TerraTorch: its"
                        + " output_bands do not differ from its dataset_bands");
            }
            Object scale = scales.getOrDefault(name, 1);
            if (!(scale instanceof Number factor)) {
                throw config.error(ARGS + ".constant_scale." + name + " is " + scale + ", expected a number");
            }
            result.put(name, preprocessing(present, wanted, expanded, factor.doubleValue(),
                    of(means, name).map(list -> statistics("means." + name, list)).orElse(List.of()),
                    of(stds, name).map(list -> statistics("stds." + name, list)).orElse(List.of())));
        }
        return new Input(result, args.flag("concat_bands", false));
    }

    private Preprocessing preprocessing(Optional<List<String>> dataset, Optional<List<String>> output,
            OptionalInt expanded, double scale, List<Double> means, List<Double> stds) {
        List<Integer> selected = output.map(wanted -> Bands.positions(config, ARGS + ".output_bands", wanted,
                dataset.orElseThrow())).orElse(List.of());
        try {
            return new Preprocessing(
                    dataset.orElse(List.of()), selected, expanded, noDataReplace, scale, means, stds);
        } catch (ArgumentException e) {
            throw config.error(ARGS + ": " + e.getMessage());
        }
    }

    private Object required(String key) {
        return args.value(key).orElseThrow(() -> config.error(ARGS + "." + key + " is missing, expected one number for"
                + " each band the model sees; 0 for means and 1 for stds leave values as they are"));
    }

    private Optional<List<String>> bands(String key) {
        return args.value(key).map(given -> Bands.names(config, ARGS + "." + key, given));
    }

    private Optional<Map<String, Object>> byModality(String key) {
        return args.value(key).map(given -> dictionary(key, given));
    }

    private Map<String, Object> dictionary(String key, Object given) {
        if (!(given instanceof Map<?, ?> map)) {
            throw config.error(ARGS + "." + key + " is " + given + ", expected a dictionary by modality");
        }
        Map<String, Object> result = new LinkedHashMap<>();
        map.forEach((name, value) -> result.put(String.valueOf(name), value));
        return result;
    }

    private static Optional<Object> of(Map<String, Object> map, String key) {
        return Optional.ofNullable(map.get(key));
    }

    /** A list, or the path of a text file with numbers, as upstream. */
    private List<Double> statistics(String key, Object given) {
        List<?> list = given instanceof String file ? numbersOf(key, Path.of(file))
                : given instanceof List<?> numbers ? numbers : List.of(given);
        List<Double> result = new ArrayList<>();
        for (Object each : list) {
            if (!(each instanceof Number number) || !Double.isFinite(number.doubleValue())) {
                throw config.error(ARGS + "." + key + " has " + each + ", expected a number for each band");
            }
            result.add(number.doubleValue());
        }
        return result;
    }

    private List<Double> numbersOf(String key, Path file) {
        if (!Files.isRegularFile(file)) {
            throw config.error(ARGS + "." + key + " is " + file + ", which is no file; expected numbers, or a text file"
                    + " with them, relative to " + Path.of("").toAbsolutePath());
        }
        try {
            return Arrays.stream(YamlFile.text(file).strip().split("\\s+")).map(Double::valueOf).toList();
        } catch (NumberFormatException e) {
            throw config.error(ARGS + "." + key + ": " + file + " holds something else than numbers (" + e.getMessage()
                    + "). Write them one on each line.");
        }
    }
}
