// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxRuntimeComparisonTest {
    @TempDir
    private Path folder;

    @Test
    void bothEnginesGiveTheSameMapsAndARatio() throws Exception {
        Path onnx = export();
        Run run = Run.of(onnx, "--rounds", 2, "--seconds", 0.2, "--threads", 2);
        assertEquals(0, run.code, run.err);
        List<String> lines = run.out.lines().toList();
        assertTrue(lines.get(0).matches("The maps differ by up to \\d\\.\\de-\\d\\d, with .*"), run.out);
        assertTrue(lines.get(1).matches("round 1: Gatun \\d+\\.\\d\\d ms, ONNX Runtime \\d+\\.\\d\\d ms, ratio .*"),
                run.out);
        assertTrue(lines.get(3).matches("ONNX Runtime / Gatun, 2 threads, 2 rounds: min / median / max .*"), run.out);
        assertEquals(4, lines.size(), run.out);
    }

    /** A tiny model. */
    private Path export() throws Exception {
        Path onnx = folder.resolve("smoke.onnx");
        PeerPython.run(folder, "export_onnx.py", "--shape", "smoke", "--output", onnx);
        return onnx;
    }

    @Test
    void absentFilesAreNamedWithTheCommandThatMakesThem() throws IOException {
        Path onnx = folder.resolve("W1.onnx");
        Run none = Run.of(onnx);
        assertEquals(1, none.code);
        assertEquals(onnx + " is absent. It is made with a Python that has torch, onnx and onnxscript: python"
                + " bench/peers/export_onnx.py --shape W1 --output " + onnx, none.err.strip());
        Files.createFile(onnx);
        assertTrue(Run.of(onnx).err.startsWith(folder.resolve("W1.safetensors") + " is absent."));
    }

    @Test
    void withoutItsLibraryItSaysWhereOnnxRuntimeIsFrom() throws Exception {
        Path onnx = Files.createFile(folder.resolve("any.onnx"));
        Files.copy(Path.of(System.getProperty("gatun.root"), "sample", "model.safetensors"),
                folder.resolve("any.safetensors"));
        Process process = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Donnxruntime.native.path=" + folder, "-cp", System.getProperty("java.class.path"),
                OnnxRuntimeComparison.class.getName(), onnx.toString()).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(1, process.waitFor(), said);
        assertTrue(said.contains("ONNX Runtime cannot be loaded (") && said.contains("libonnxruntime"), said);
        assertTrue(said.contains("The Maven artifact com.microsoft.onnxruntime:onnxruntime holds it"), said);
    }

    @Test
    void differentMapsAreNotCompared() {
        TensorData theirs = maps(1, 2, 3, 4);
        assertEquals("The maps differ by up to 1.0e-03, with a standard deviation of 1.12.",
                OnnxRuntimeComparison.difference(maps(1, 2, 3, 4.001f), theirs));
        for (TensorData ours : List.of(maps(1, 2, 3, 4.002f), maps(1, 2, 3, Float.NaN), maps(1, 2, 3))) {
            assertThrows(ArgumentException.class, () -> OnnxRuntimeComparison.difference(ours, theirs));
        }
    }

    @Test
    void aSummaryHoldsMedianAndSpread() {
        assertEquals("ONNX Runtime / Gatun, 1 thread, 4 rounds: min / median / max 1.00 / 2.50 / 9.00",
                OnnxRuntimeComparison.summary(List.of(3.0, 9.0, 1.0, 2.0), 1));
    }

    private static TensorData maps(float... values) {
        return new TensorData(DType.F32, Shape.of(values.length), MemorySegment.ofArray(values));
    }

    private record Run(int code, String out, String err) {
        static Run of(Object... arguments) {
            StringWriter out = new StringWriter();
            StringWriter err = new StringWriter();
            int code = OnnxRuntimeComparison.run(new PrintWriter(out, true), new PrintWriter(err, true),
                    Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new));
            return new Run(code, out.toString(), err.toString());
        }
    }
}
