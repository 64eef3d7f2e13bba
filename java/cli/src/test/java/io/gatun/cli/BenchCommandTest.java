// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.cli.bench.Benchmark;
import io.gatun.cli.bench.Report;
import io.gatun.cli.bench.ReportFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command on a tiny shape: it measures and says all it should; its times mean nothing. */
class BenchCommandTest {
    private static final String TINY = "1x2x3x8x12";

    @TempDir
    private static Path folder;

    private static Path whole;
    private static CommandRun first;

    private static CommandRun bench(Object... more) {
        return CommandRun.of(Stream.concat(
                Stream.of("bench", "--shape", TINY, "--device", "cpu", "--rounds", 3), Stream.of(more)).toArray());
    }

    private static void assertFails(int code, CommandRun run, String... parts) {
        assertEquals(code, run.code(), run.err());
        assertEquals("", run.out());
        for (String part : parts) {
            assertTrue(run.err().contains(part), part + " is not in: " + run.err());
        }
    }

    /** The columns of the line of a name. */
    private static List<String> columns(CommandRun run, String name) {
        return run.outLines().stream().map(line -> Arrays.asList(line.split("\\s+")))
                .filter(columns -> columns.getFirst().equals(name)).findFirst()
                .orElseThrow(() -> new AssertionError("no line " + name + " in " + run.out()));
    }

    private static Path edited(String old, String replacement) throws IOException {
        Path file = folder.resolve("edited.json");
        String text = Files.readString(whole);
        assertTrue(text.contains(old), text);
        return Files.writeString(file, text.replace(old, replacement));
    }

    @BeforeAll
    static void measure() {
        whole = folder.resolve("whole.json");
        first = bench("--json", whole);
    }

    @Test
    void everyRowHasTimesAndShare() {
        assertEquals(0, first.code(), first.err());
        assertTrue(first.err().contains("round 3 of 3"), first.err());
        assertTrue(first.outLines().contains("result: " + whole), first.out());
        Set<String> printed = new HashSet<>();
        for (String name : Benchmark.names()) {
            List<String> columns = columns(first, name);
            for (String number : columns.subList(1, 6)) {
                assertTrue(Double.parseDouble(number) >= 0, columns::toString);
            }
            assertTrue(Double.parseDouble(columns.get(1)) > 0, columns::toString);
            printed.add(columns.getFirst());
        }
        assertTrue(printed.containsAll(Set.of("encode_pool", "patch_embed", "temporal_pool", "linear_qkv",
                "linear_ffn1", "attention", "attention_month", "cross_attention", "sample_tokens", "layer_norm",
                "decoder_prefix", "refine_head", "conv_transpose2d", "conv2d", "forward")), printed::toString);
    }

    @Test
    void fileHasEverySampleAndTheMachine() {
        Report report = ReportFile.read(whole);
        assertEquals(Benchmark.names(), report.rows().stream().map(Report.Row::name).toList());
        for (Report.Row row : report.rows()) {
            assertEquals(3, row.samples().size(), row.name());
            assertTrue(row.share() > 0 && row.bytes() > 0 && row.flops() >= 0, row::toString);
        }
        assertEquals(TINY, report.setting().shape());
        assertEquals("cpu", report.setting().device());
        assertTrue(report.setting().threads() > 0);
        assertTrue(report.setting().model().contains("embedDim=128"), report.setting().model());
        assertTrue(report.setting().date().matches("20\\d\\d-.*Z"), report.setting().date());
    }

    @Test
    void comparisonGivesAVerdictForEachRow() {
        CommandRun run = bench("--only", "add", "forward", "--compare", whole);
        assertEquals(0, run.code(), run.err());
        String comparison = run.out().substring(run.out().indexOf("now / then"));
        assertEquals(List.of("add", "forward"), comparison.lines().skip(1)
                .map(line -> line.split(" ")[0]).toList());
        comparison.lines().skip(1).forEach(line ->
                assertTrue(line.matches("\\w+ +[\\d.]+ +[\\d.]+ +[\\d.]+  (faster|slower|no difference)"), line));
    }

    @Test
    void resultWithOtherTimesIsFasterOrSlower() throws IOException {
        // As if each call had taken a hundred seconds, or a nanosecond.
        for (String[] then : new String[][] {{"1e11", "faster"}, {"1", "slower"}}) {
            Path old = folder.resolve("old.json");
            Files.writeString(old, Files.readString(whole)
                    .replaceAll("\"samples_ns\":\\[[^]]*]", "\"samples_ns\":[" + then[0] + "]"));
            CommandRun run = bench("--only", "add", "--compare", old, "--quiet");
            assertEquals(0, run.code(), run.err());
            assertEquals("", run.err());
            assertTrue(run.outLines().getLast().endsWith(then[1]), run.out());
        }
    }

    @Test
    void resultOfOtherConditionsIsRefusedBeforeTheRun() throws IOException {
        for (String[] change : new String[][] {{"\"precision\":\"strict\"", "\"precision\":\"bf16\""},
            {"\"shape\":\"1x2", "\"shape\":\"9x2"}, {"\"device\":\"cpu\"", "\"device\":\"cuda:0\""}}) {
            CommandRun run = bench("--compare", edited(change[0], change[1]));
            assertFails(Gatun.FAILED, run, "edited.json: is a result of other conditions");
            assertFalse(run.err().contains("warming up"), run.err());
        }
    }

    @Test
    void damagedResultIsRefusedBeforeTheRun() throws IOException {
        Path file = edited("\"rows\"", "\"ro\"");
        CommandRun run = bench("--compare", file);
        assertFails(Gatun.FAILED, run, "is no whole result of gatun bench: \"rows\" is absent");
        assertFalse(run.err().contains("warming up"), run.err());
        assertFails(Gatun.FAILED, bench("--compare", folder.resolve("no.json")), "no.json: no such file");
    }

    @Test
    void targetThatCannotBeWrittenIsRefusedBeforeTheRun() {
        CommandRun run = bench("--json", folder.resolve("absent/result.json"));
        assertFails(Gatun.FAILED, run, "does not exist");
        assertFalse(run.err().contains("warming up"), run.err());
        assertFails(Gatun.FAILED, bench("--json", CommandRun.CHECKPOINT, "--model", CommandRun.CHECKPOINT),
                "is also read by this run");
    }

    @Test
    void modelOfAFileIsMeasured() {
        CommandRun run = bench("--model", CommandRun.CHECKPOINT, "--only", "forward");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.outLines().getFirst().endsWith("weights: " + CommandRun.CHECKPOINT), run.out());
        assertTrue(Double.parseDouble(columns(run, "forward").get(1)) > 0, run.out());
    }

    @Test
    void wrongUsageIsSaid() {
        assertFails(2, CommandRun.of("bench", "--shape", "128x128"), "\"128x128\" is no shape", "gatun bench --help");
        assertFails(2, bench("--precision", "f16"), "--precision");
        assertFails(Gatun.FAILED, bench("--only", "gemm"), "no operation of the names [gemm]", "encode_pool");
        assertFails(Gatun.FAILED, CommandRun.of("bench", "--rounds", 2), "2 rounds tell no spread");
        assertFails(Gatun.FAILED, CommandRun.of("bench", "--shape", "1x1x31x10x12"), "10");
    }

    @Test
    void interruptEndsTheRunAndWritesNothing() {
        Path target = folder.resolve("interrupted.json");
        CommandRun run;
        try {
            Thread.currentThread().interrupt();
            run = bench("--json", target);
        } finally {
            assertTrue(Thread.interrupted(), "the flag was lost");
        }
        assertFails(Gatun.INTERRUPTED, run, "interrupted");
        assertTrue(Files.notExists(target));
        assertTrue(CommandRun.filesIn(folder).stream().noneMatch(name -> name.endsWith(".part")));
    }
}
