// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The Python that GATUN_PEER_PYTHON names: PyTorch is nothing that a build may need. */
final class PeerPython {
    private PeerPython() {
    }

    /** What a script of bench/peers prints, with nothing on its standard input; skips the test without its packages. */
    static String run(Path folder, String script, Object... arguments) throws Exception {
        String python = Optional.ofNullable(System.getenv("GATUN_PEER_PYTHON")).orElse("python3");
        List<String> command = new ArrayList<>(List.of(python,
                Path.of(System.getProperty("gatun.root"), "bench", "peers", script).toString()));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        Path log = folder.resolve("log");
        int code;
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile())
                    .start();
            process.getOutputStream().close();
            code = process.waitFor();
        } catch (IOException e) {
            assumeTrue(false, python + " cannot be started; GATUN_PEER_PYTHON names one with torch, onnx, onnxscript");
            throw e;
        }
        String said = Files.readString(log);
        assumeTrue(code == 0 || !(said.contains(" lacks ") || said.contains("No module named")),
                () -> "GATUN_PEER_PYTHON names no Python with torch, onnx and onnxscript: " + said.strip());
        assertEquals(0, code, said);
        return said;
    }
}
