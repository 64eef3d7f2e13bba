// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import io.gatun.cli.bench.Statistics;
import io.gatun.core.ArgumentException;
import io.gatun.core.GatunException;
import io.gatun.core.TensorData;
import java.io.PrintWriter;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Whole forwards of Gatun and of ONNX Runtime's Java API in turns, so that a ratio is of runs side by side. */
@Command(name = "OnnxRuntimeComparison", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Compares the maps of Gatun and ONNX Runtime, then times both in rounds. In each round either",
            "engine has one turn, a JVM that JMH starts; who begins alternates."})
final class OnnxRuntimeComparison implements Callable<Integer> {
    /** Of the maps' standard deviation, as in {@code bench/peers/versus.py}. */
    private static final double TOLERANCE = 1e-3;
    private static final String LIBRARY = "gatun.library.path";
    private static final ValueLayout.OfFloat LITTLE_ENDIAN =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE.onnx", description = "What bench/peers/export_onnx.py wrote.")
    private Path onnx;

    @Option(names = "--threads", defaultValue = "1", paramLabel = "N",
            description = "Threads of each engine (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Option(names = "--rounds", defaultValue = "9", paramLabel = "N",
            description = "Rounds (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "3", paramLabel = "S",
            description = "How long a turn measures, after as long a warm-up (default: ${DEFAULT-VALUE}).")
    private double seconds;

    static void main(String[] arguments) {
        System.exit(run(new PrintWriter(System.out, true), new PrintWriter(System.err, true), arguments));
    }

    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        return new CommandLine(new OnnxRuntimeComparison()).setOut(out).setErr(err)
                .setExecutionExceptionHandler((e, _, _) -> {
                    if (e instanceof GatunException) {
                        err.println(e.getMessage());
                    } else {
                        e.printStackTrace(err);
                    }
                    return CommandLine.ExitCode.SOFTWARE;
                })
                .execute(arguments);
    }

    @Override
    public Integer call() throws RunnerException {
        if (threads < 1 || rounds < 1 || !(seconds > 0)) {
            throw new ArgumentException("--threads is " + threads + ", --rounds " + rounds + ", --seconds " + seconds
                    + "; expected 1 or more threads and rounds, and some time");
        }
        PrintWriter out = spec.commandLine().getOut();
        TensorData theirs = maps(Engine.ONNX_RUNTIME);
        out.println(difference(maps(Engine.GATUN), theirs));
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            List<Engine> order = Arrays.asList(Engine.values());
            Map<Engine, Double> times = new EnumMap<>(Engine.class);
            for (Engine engine : round % 2 == 0 ? order : order.reversed()) {
                times.put(engine, turn(engine));
            }
            double ours = times.get(Engine.GATUN);
            double ratio = times.get(Engine.ONNX_RUNTIME) / ours;
            ratios.add(ratio);
            out.println(String.format(Locale.ROOT, "round %d: Gatun %.2f ms, ONNX Runtime %.2f ms, ratio %.2f",
                    round + 1, ours, times.get(Engine.ONNX_RUNTIME), ratio));
        }
        out.println(summary(ratios, threads));
        return CommandLine.ExitCode.OK;
    }

    private TensorData maps(Engine engine) {
        try (Engine.Session session = engine.open(onnx, threads)) {
            return session.maps();
        }
    }

    /** Milliseconds of a forward, the mean of those of one JVM. */
    private double turn(Engine engine) throws RunnerException {
        TimeValue time = TimeValue.milliseconds(Math.round(seconds * 1e3));
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(OnnxRuntimeBenchmark.class.getName() + "\\.").forks(1)
                .warmupIterations(1).warmupTime(time).measurementIterations(1).measurementTime(time)
                .param("engine", engine.name()).param("onnx", onnx.toString()).param("threads", "" + threads)
                .shouldFailOnError(true).verbosity(VerboseMode.SILENT);
        // JMH hands on what stands on the command line, not what was set later.
        Optional.ofNullable(System.getProperty(LIBRARY)).ifPresent(
                folder -> options.jvmArgsPrepend("-D" + LIBRARY + "=" + folder));
        return new Runner(options.build()).runSingle().getPrimaryResult().getScore();
    }

    /**
     * How far the engines are apart, in words.
     *
     * @throws ArgumentException if that is too far for a comparison
     */
    static String difference(TensorData ours, TensorData theirs) {
        if (!ours.shape().equals(theirs.shape())) {
            throw new ArgumentException("Gatun's maps are " + ours.shape() + ", ONNX Runtime's " + theirs.shape()
                    + "; export the model again");
        }
        double largest = 0;
        double sum = 0;
        double squares = 0;
        long count = theirs.shape().numElements();
        for (long i = 0; i < count; i++) {
            double their = theirs.bytes().getAtIndex(LITTLE_ENDIAN, i);
            largest = Math.max(largest, Math.abs(ours.bytes().getAtIndex(LITTLE_ENDIAN, i) - their));
            sum += their;
            squares += their * their;
        }
        double deviation = Math.sqrt(squares / count - sum / count * (sum / count));
        String apart = String.format(Locale.ROOT, "%.1e, with a standard deviation of %.2f", largest, deviation);
        // NaN is too far as well.
        if (!(largest <= TOLERANCE * deviation)) {
            throw new ArgumentException("The maps of Gatun and ONNX Runtime differ by up to " + apart + "; times of"
                    + " different results are not compared (at most " + TOLERANCE + " of the deviation)");
        }
        return "The maps differ by up to " + apart + ".";
    }

    static String summary(List<Double> ratios, int threads) {
        return String.format(Locale.ROOT, "ONNX Runtime / Gatun, %d thread%s, %d rounds: min / median / max"
                + " %.2f / %.2f / %.2f", threads, threads == 1 ? "" : "s", ratios.size(),
                ratios.stream().min(Double::compare).orElseThrow(), Statistics.median(ratios),
                ratios.stream().max(Double::compare).orElseThrow());
    }
}
