// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.cli.plot.Fonts;
import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.data.checkpoint.Checkpoints;
import io.gatun.models.Arguments;
import io.gatun.models.terramind.generation.TerraMindGenerationConfig;
import io.gatun.wrappers.generate.GeneratedFiles;
import io.gatun.wrappers.generate.SceneGeneration;
import io.gatun.wrappers.generate.SceneModality;
import io.gatun.wrappers.generate.TerraMindWindows;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Modalities of a scene that TerraMind generates from others. */
@Command(name = "generate", sortOptions = false,
        description = "Generates modalities of a scene from others, with TerraMind.")
final class GenerateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--model", defaultValue = "terramind_v1_base_generate", paramLabel = "NAME",
            description = "terramind_v1_tiny_generate, _small_, _base_ or _large_, or terramind_v01_base_generate"
                    + " (default: ${DEFAULT-VALUE}).")
    private String model;

    @Option(names = "--weights", required = true, paramLabel = "FILE",
            description = "Its weights, such as TerraMind_v1_base.pt (nothing in it is run), or safetensors.")
    private Path weights;

    @Option(names = "--tokenizer", paramLabel = "MODALITY=FILE", converter = ModalityFile.Converter.class,
            description = "Weights of a modality's tokenizer, which every output, and LULC and NDVI as inputs, need;"
                    + " once for each, unless --weights has them.")
    private List<ModalityFile> tokenizers = new ArrayList<>();

    @Option(names = "--inputs", required = true, arity = "1..*", split = ",", paramLabel = "MODALITY=FILE",
            converter = ModalityFile.Converter.class,
            description = "Scenes, GeoTIFF or NetCDF: S2L2A, S2L1C, RGB, S1GRD, S1RTC, DEM, LULC, NDVI. The first one's"
                    + " pixels are those of the output; the others are resampled onto them.")
    private List<ModalityFile> inputs = new ArrayList<>();

    @Option(names = "--outputs", required = true, arity = "1..*", split = ",", paramLabel = "MODALITY",
            description = "What to generate: S2L2A, S1GRD, S1RTC, DEM, LULC, NDVI.")
    private List<String> outputs = new ArrayList<>();

    @Option(names = "--output", required = true, paramLabel = "FOLDER",
            description = "Folder to write to: a NetCDF file MODALITY.nc for each output.")
    private Path output;

    @Option(names = "--picture", paramLabel = "FILE",
            description = "Picture to write (PNG): inputs and outputs beside each other.")
    private Optional<Path> picture = Optional.empty();

    @Option(names = "--window", defaultValue = "224", paramLabel = "PIXELS",
            description = "Side of a window, a multiple of 32 (default: ${DEFAULT-VALUE}, that of the training).")
    private int window;

    @Option(names = "--overlap", defaultValue = "64", paramLabel = "PIXELS",
            description = "Pixels that windows share at least (default: ${DEFAULT-VALUE}).")
    private int overlap;

    @Option(names = "--batch", defaultValue = "4", paramLabel = "NUMBER",
            description = "Windows at a time, at most; without effect on the result (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Mixin
    private SamplingOptions sampling;

    @Mixin
    private ComputeOptions compute;

    @Option(names = "--quiet", description = "No progress, no notes.")
    private boolean quiet;

    GenerateCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        SequencedMap<String, Path> scenes = ModalityFile.byModality("--inputs", inputs);
        SequencedMap<String, Path> codes = ModalityFile.byModality("--tokenizer", tokenizers);
        requireUsable();
        TerraMindGenerationConfig config = config();
        TerraMindWindows.requireTokenizers(config, codes.keySet());
        GenerationJob job = new GenerationJob(scenes, output, picture,
                new SceneGeneration.Options(window, overlap, batch), !config.inputs().standardize());
        GenerationJob.Result result;
        try (Progress progress = Progress.onStandardError(spec.commandLine().getErr(), quiet)) {
            job.requireScenes();
            Device device = Device.of(compute.device());
            progress.step("device: " + device.name() + " (" + device.info().processor() + "), precision "
                    + compute.precision());
            Loaded loaded = load(config, codes, device);
            try (TerraMindWindows opened = loaded.windows()) {
                progress.step("weights: " + weights);
                String history = Instant.now().truncatedTo(ChronoUnit.SECONDS) + ": gatun " + Gatun.Version.number()
                        + " generate: " + loaded.files() + ", inputs " + scenes + ", window " + window + ", overlap "
                        + overlap + ", " + sampling + ", precision " + compute.precision();
                result = job.run(opened, device, history, progress);
            }
        }
        if (!quiet) {
            result.notes().forEach(note -> spec.commandLine().getErr().println("note: " + note));
            result.written().forEach(path -> out.println("written: " + path));
        }
        out.flush();
        return 0;
    }

    /** A model, and in words the files that it comes from. */
    private record Loaded(TerraMindWindows windows, String files) {}

    private Loaded load(TerraMindGenerationConfig config, Map<String, Path> codes, Device device) {
        Map<String, Checkpoint> files = new LinkedHashMap<>();
        codes.forEach((modality, file) -> files.put(modality, Checkpoints.read(file)));
        Checkpoint network = Checkpoints.read(weights);
        return new Loaded(TerraMindWindows.open(config, network, files, device, compute.precision()),
                described(model, network, files));
    }

    /** The same names may be of other files tomorrow: digests tell them apart. */
    static String described(String model, Checkpoint network, Map<String, Checkpoint> tokenizers) {
        StringBuilder text = new StringBuilder(model + " of " + described(network));
        tokenizers.forEach((modality, file) -> text.append(", tokenizer ").append(modality).append(" of ")
                .append(described(file)));
        return text.toString();
    }

    private static String described(Checkpoint file) {
        return file.source() + " (sha256 " + file.digest() + ")";
    }

    private TerraMindGenerationConfig config() {
        Map<String, Object> given = sampling.arguments();
        given.put("modalities", inputs.stream().map(ModalityFile::modality).toList());
        given.put("output_modalities", outputs);
        Arguments arguments = Arguments.of(model, given);
        TerraMindGenerationConfig config = TerraMindGenerationConfig.of(model, arguments);
        arguments.finish();
        return config;
    }

    /** What can be refused before anything is read. */
    private void requireUsable() {
        inputs.forEach(each -> SceneModality.of(each.modality()));
        outputs.forEach(SceneModality::target);
        if (new LinkedHashSet<>(outputs).size() < outputs.size()) {
            throw new ArgumentException("the outputs are " + outputs + ", one of them twice; name each once");
        }
        List<Path> read = Stream.concat(Stream.of(weights), Stream.concat(tokenizers.stream(), inputs.stream())
                .map(ModalityFile::file)).toList();
        OutputPaths.requireFolder(output);
        List<Path> targets = Stream.concat(outputs.stream().map(name -> GeneratedFiles.path(output, name)),
                picture.stream()).toList();
        targets.forEach(target -> OutputPaths.requireFile(target, output, read));
        OutputPaths.requireDistinct(targets);
        picture.ifPresent(_ -> Fonts.require());
    }
}
