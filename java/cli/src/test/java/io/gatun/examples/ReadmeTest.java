// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.wrappers.reconstruct.Scores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README says is true: its program is the one that runs here, and its figures are what comes out. */
class ReadmeTest {
    private static final Path ROOT = Path.of(System.getProperty("gatun.root"));

    @TempDir
    private Path folder;

    private static String readme() throws IOException {
        return Files.readString(ROOT.resolve("README.md"));
    }

    @Test
    void programIsTheCompiledOne() throws IOException {
        Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme());
        assertTrue(block.find(), "the README has no block of Java");
        String source = Files.readString(
                ROOT.resolve("java/cli/src/test/java/io/gatun/examples/MonthlyMapExample.java"));
        Matcher marked = Pattern.compile("// README: start\n(.*?) *// README: end", Pattern.DOTALL).matcher(source);
        assertTrue(marked.find(), "the example has no marks");
        assertEquals(marked.group(1).stripTrailing().stripIndent(), block.group(1).strip());
    }

    @Test
    void programRunsAndFiguresAreItsOwn() throws IOException {
        Scores scores = MonthlyMapExample.run(ROOT.resolve("sample"), folder.resolve("monthly.nc"));
        assertTrue(Files.size(folder.resolve("monthly.nc")) > 12 * 32 * 32 * 2 * Float.BYTES);
        for (Scores.Score score : List.of(scores.reconstruction(), scores.reconstructionUnobserved(),
                scores.meanOfObservations(), scores.meanOfObservationsUnobserved())) {
            String figures = String.format(Locale.ROOT, "| %.3f | %.3f | %d |", score.rmse(), score.mae(),
                    score.cells());
            assertTrue(readme().contains(figures), "the README's table lacks " + figures);
        }
    }

    @Test
    void linksLeadToFiles() throws IOException {
        Matcher links = Pattern.compile("]\\(([^)#:]+)\\)").matcher(readme());
        int count = 0;
        while (links.find()) {
            assertTrue(Files.exists(ROOT.resolve(links.group(1))), "dead link in the README: " + links.group(1));
            count++;
        }
        assertTrue(count > 3, "only " + count + " links found");
    }
}
