// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.wrappers.reconstruct.MonthlyReconstruction;
import io.gatun.wrappers.reconstruct.Preprocessing;
import picocli.CommandLine.Option;

/** How the input of a checkpoint that does not say so itself was normalised. */
final class Normalisation {
    @Option(names = "--mean", required = true, paramLabel = "NUMBER",
            description = "Mean of the training values.")
    private double mean;

    @Option(names = "--std", required = true, paramLabel = "NUMBER",
            description = "Standard deviation of the training values.")
    private double std;

    @Option(names = "--target", required = true, paramLabel = "residual|absolute",
            description = "What the model predicts: the difference to the mean of observations, or the value.")
    private Preprocessing.Target target;

    @Option(names = "--residual-scale", defaultValue = "1", paramLabel = "NUMBER",
            description = "Factor of a predicted difference, in the input's units (default: ${DEFAULT-VALUE}).")
    private double residualScale;

    @Option(names = "--units", defaultValue = "degree_Celsius", paramLabel = "UNITS",
            description = "Units of these numbers (default: ${DEFAULT-VALUE}).")
    private String units;

    Normalisation() {}

    MonthlyReconstruction open(Checkpoint checkpoint, Device device, Precision precision) {
        if (Preprocessing.of(checkpoint).isPresent()) {
            throw new ArgumentException(checkpoint.source() + " states its own normalisation (gatun info shows it)."
                    + " Leave out --mean, --std, --target, --residual-scale and --units.");
        }
        return MonthlyReconstruction.of(checkpoint, switch (target) {
            case RESIDUAL -> Preprocessing.residual(mean, std, units, residualScale);
            case ABSOLUTE -> Preprocessing.absolute(mean, std, units);
        }, device, precision);
    }
}
