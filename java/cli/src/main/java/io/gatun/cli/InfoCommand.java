// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.core.Device;
import io.gatun.core.DeviceInfo;
import io.gatun.core.MemoryStats;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says what a file or a device is. */
@Command(name = "info", description = "Says what a NetCDF file, a checkpoint or a device is.")
final class InfoCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE|DEVICE",
            description = "A file, or: devices (all of them), cpu, cuda:N, auto.")
    private String what;

    @Option(names = "--tensors", description = "List the tensors of a checkpoint.")
    private boolean tensors;

    @Option(names = "--strip-prefix", paramLabel = "PREFIX",
            description = "Remove this from the names of a checkpoint's tensors, for example model. or module.")
    private Optional<String> stripPrefix = Optional.empty();

    InfoCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Path path = Path.of(what);
        if (Files.exists(path)) {
            String head = head(path);
            if (head.startsWith("CDF") || head.startsWith("\u0089HDF")) {
                NetcdfInfo.print(path, out);
            } else {
                CheckpointInfo.print(path, head.endsWith("{") ? "safetensors" : "PyTorch", stripPrefix, tensors, out);
            }
        } else if (what.equals("devices")) {
            out.println(Device.report());
        } else {
            printDevice(out);
        }
        out.flush();
        return 0;
    }

    private void printDevice(PrintWriter out) {
        if (!what.matches("auto|cpu|cuda(:\\d+)?")) {
            throw new ArgumentException(what + ": no such file, and no device (cpu, cuda:N, auto, devices). Correct the"
                    + " path, which is relative to " + Path.of("").toAbsolutePath() + ".");
        }
        Device device = Device.of(what);
        DeviceInfo info = device.info();
        MemoryStats memory = device.memory();
        out.println("device: " + info.name());
        out.println("processor: " + info.processor());
        if (device.isCpu()) {
            out.println("threads: " + info.threads() + " (GATUN_NUM_THREADS)");
            out.println("instruction set: " + info.cpuLevel() + " (GATUN_CPU)");
        }
        out.println("memory: " + (info.memoryBytes() >> 20) + " MiB, limit " + (memory.bytesLimit() >> 20) + " MiB");
        out.println("libraries: " + info.libraries());
    }

    /** The first nine bytes; in a safetensors file the last of them opens the JSON of its header. */
    private static String head(Path path) {
        if (Files.isDirectory(path)) {
            throw new DataException(path + ": is a directory, expected a NetCDF file or a checkpoint. "
                    + "Name a file in it.");
        }
        try (InputStream in = Files.newInputStream(path)) {
            return new String(in.readNBytes(9), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new DataException(path + ": cannot be read (" + e + "). Check its permissions.", e);
        }
    }
}
