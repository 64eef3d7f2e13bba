// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.GatunException;
import io.gatun.core.InterruptedRunException;
import java.io.PrintWriter;
import java.lang.module.ModuleDescriptor;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The gatun command: its subcommands, and how their errors end. */
@Command(name = "gatun", mixinStandardHelpOptions = true, versionProvider = Gatun.Version.class,
        scope = ScopeType.INHERIT,
        description = "Runs Earth-observation and climate models.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:failed, with the reason on standard error", "2:wrong usage",
            "130:interrupted; no half-written file is left"},
        subcommands = {ReconstructCommand.class, PredictCommand.class, EmbedCommand.class, GenerateCommand.class,
            DemoCommand.class, InfoCommand.class, BenchCommand.class, GenerateCompletion.class})
public final class Gatun {
    static final int FAILED = 1;
    static final int INTERRUPTED = 130;

    /** Tells of every file it opens, and calls each release a development version. Kept, or they lose their levels. */
    private static final Logger JHDF = Logger.getLogger("io.jhdf");
    private static final Logger JHDF_VERSION = Logger.getLogger("io.jhdf.HdfFile");

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Show stack traces of errors.")
    private boolean debug;

    private Gatun() {}

    /**
     * Runs a command and ends the JVM with its exit code.
     *
     * @param arguments as typed
     */
    public static void main(String[] arguments) {
        StopSignal stop = StopSignal.install();
        int code;
        try {
            code = run(new PrintWriter(System.out, true), new PrintWriter(System.err, true), arguments);
        } finally {
            stop.finished();
        }
        System.exit(code);
    }

    /** Runs a command on this thread, which may be interrupted, and returns its exit code. */
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        JHDF.setLevel(Level.WARNING);
        JHDF_VERSION.setLevel(Level.SEVERE);
        Gatun gatun = new Gatun();
        CommandLine line = new CommandLine(gatun)
                .setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(Gatun::explainUsage)
                .setExecutionExceptionHandler((e, command, _) -> gatun.explain(e, command.getErr()));
        if (arguments.length == 0) {
            line.usage(err);
            return CommandLine.ExitCode.USAGE;
        }
        try {
            return line.execute(arguments);
        } catch (OutOfMemoryError e) {
            // Nothing of the run is kept at this point, so there is room for the message.
            err.println("gatun: out of Java heap (" + e.getMessage() + "). Give it more, for example"
                    + " GATUN_JAVA_OPTS=-Xmx8g, or fewer files at a time.");
            return FAILED;
        }
    }

    private static int explainUsage(CommandLine.ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("gatun: " + e.getMessage());
        if (!CommandLine.UnmatchedArgumentException.printSuggestions(e, err)) {
            err.println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        }
        return CommandLine.ExitCode.USAGE;
    }

    private int explain(Exception e, PrintWriter err) {
        err.println(e instanceof GatunException ? "gatun: " + e.getMessage()
                : "gatun: internal error, please report it: " + e + (debug ? "" : " (--debug shows more)"));
        if (debug) {
            e.printStackTrace(err);
        }
        return e instanceof InterruptedRunException ? INTERRUPTED : FAILED;
    }

    /** Name and version of this build. */
    static final class Version implements IVersionProvider {
        static String number() {
            return Optional.ofNullable(Gatun.class.getModule().getDescriptor())
                    .flatMap(ModuleDescriptor::rawVersion).orElse("development");
        }

        @Override
        public String[] getVersion() {
            return new String[] {"gatun " + number(),
                "Java " + Runtime.version() + ", " + System.getProperty("os.name") + " "
                        + System.getProperty("os.arch")};
        }
    }
}
