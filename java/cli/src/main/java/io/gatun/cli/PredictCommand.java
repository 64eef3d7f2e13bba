// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.Device;
import io.gatun.core.Structure;
import io.gatun.factory.config.OutputKind;
import io.gatun.factory.config.TerraTorchConfig;
import io.gatun.factory.predict.ScenePredictor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A prediction for one scene with a model of TerraTorch. */
@Command(name = "predict", sortOptions = false,
        description = "Predicts one scene with a TerraTorch configuration and its Lightning checkpoint.")
final class PredictCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--config", required = true, paramLabel = "FILE",
            description = "TerraTorch configuration (YAML), as given to terratorch fit.")
    private Path config;

    @Option(names = "--checkpoint", required = true, paramLabel = "FILE",
            description = "Weights: a Lightning checkpoint, a state dict (nothing in it is run) or safetensors.")
    private Path checkpoint;

    @Option(names = "--strip-prefix", paramLabel = "PREFIX",
            description = {"Take the tensors whose names begin so, for example ema_model. (default: the task's model,",
                "without the prefixes of Lightning and torch.compile)."})
    private Optional<String> stripPrefix = Optional.empty();

    @Option(names = "--input", required = true, paramLabel = "FILE",
            description = "Scene: NetCDF, or a tensor in a file whose name ends in .safetensors.")
    private Path input;

    @Option(names = "--variable", paramLabel = "NAME",
            description = "The image in it (default: the variables of the bands' names, or the only image).")
    private Optional<String> variable = Optional.empty();

    @Option(names = "--output", required = true, paramLabel = "FILE",
            description = "File to write: NetCDF, or safetensors where its name ends so.")
    private Path output;

    @Mixin
    private ComputeOptions compute;

    @Option(names = "--ignore-keys", description = "Leave unknown keys of the configuration out of account.")
    private boolean ignoreKeys;

    @Option(names = "--dry-run", description = "Check configuration, checkpoint and input, say what would be written,"
            + " and write nothing.")
    private boolean dryRun;

    @Option(names = "--quiet", description = "No progress, no notes.")
    private boolean quiet;

    PredictCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        OutputPaths.requireFile(output, List.of(config, checkpoint, input));
        TerraTorchConfig read = TerraTorchConfig.read(config, ignoreKeys);
        if (!quiet) {
            read.notes().forEach(note -> err.println("note: " + note));
        }
        if (dryRun) {
            plan(read, out);
            return 0;
        }
        try (Progress progress = Progress.onStandardError(err, quiet)) {
            Device device = Device.of(compute.device());
            progress.step("device: " + device.name() + " (" + device.info().processor() + "), precision "
                    + compute.precision());
            try (ScenePredictor predictor =
                    ScenePredictor.open(read, checkpoint, stripPrefix, device, compute.precision())) {
                progress.step("checkpoint: " + checkpoint);
                predictor.predictTo(input, variable, output);
            }
        }
        if (!quiet) {
            out.println("written: " + output);
        }
        out.flush();
        return 0;
    }

    private void plan(TerraTorchConfig read, PrintWriter out) {
        Structure structure = read.blueprint().structure();
        try (ScenePredictor predictor =
                ScenePredictor.open(read, checkpoint, stripPrefix, Device.meta(), compute.precision())) {
            ScenePredictor.Plan plan = predictor.plan(input, variable);
            out.println("model: " + read.task().name().toLowerCase(Locale.ROOT) + ", "
                    + structure.parameterCount() + " parameters");
            plan.input().forEach((name, shape) -> out.println("input: " + name + " " + shape));
            out.println("model output: " + plan.output());
            out.println("would write: " + read.outputs().stream().map(OutputKind::lowerCase).toList() + " to "
                    + output);
        }
        out.flush();
    }
}
