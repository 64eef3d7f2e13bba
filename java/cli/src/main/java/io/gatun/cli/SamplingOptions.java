// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** How tokens are drawn, and images made of them. */
final class SamplingOptions {
    @Option(names = "--seed", defaultValue = "0", paramLabel = "NUMBER",
            description = "Of what is drawn at random; the same one gives the same files (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--timesteps", defaultValue = "50", paramLabel = "NUMBER",
            description = "Steps from noise to an image, fewer are faster (default: ${DEFAULT-VALUE}).")
    private int timesteps;

    @Option(names = "--decoding-steps", defaultValue = "1", paramLabel = "NUMBER",
            description = "Steps in which a modality's tokens are drawn (default: ${DEFAULT-VALUE}).")
    private int decodingSteps;

    @Option(names = "--temps", defaultValue = "1.0", paramLabel = "NUMBER",
            description = "Temperature of what is drawn; 0 takes the most probable token (default: ${DEFAULT-VALUE}).")
    private double temps;

    @Option(names = "--top-p", defaultValue = "0.8", paramLabel = "SHARE",
            description = "Tokens that are drawn from have this probability together; 0: all (default:"
                    + " ${DEFAULT-VALUE}).")
    private double topP;

    @Option(names = "--top-k", defaultValue = "0", paramLabel = "NUMBER",
            description = "So many tokens are drawn from, or below 1 that share of them; 0: all (default:"
                    + " ${DEFAULT-VALUE}).")
    private double topK;

    @Option(names = "--chained",
            description = "Make each output from those before it too (default: from the inputs alone, as upstream).")
    private boolean chained;

    @Option(names = "--standardize", negatable = true, defaultValue = "true", fallbackValue = "true",
            description = "Scenes are in the units of the training (digital numbers, dB, metres), and so are the"
                    + " outputs (default); --no-standardize: both are standardised.")
    private boolean standardize;

    SamplingOptions() {}

    /** Upstream's arguments. */
    Map<String, Object> arguments() {
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("seed", seed);
        arguments.put("timesteps", timesteps);
        arguments.put("decoding_steps", decodingSteps);
        arguments.put("temps", temps);
        arguments.put("top_p", topP);
        arguments.put("top_k", topK);
        arguments.put("chained", chained);
        arguments.put("standardize", standardize);
        return arguments;
    }

    /** For a file's history. */
    @Override
    public String toString() {
        return arguments().toString();
    }
}
