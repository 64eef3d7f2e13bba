// SPDX-License-Identifier: Apache-2.0
package io.gatun.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.factory.registry.Registries;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What docs/ says still holds: its messages are printed, its tests and options exist, its links lead somewhere. */
class DocsTest {
    private static final Path ROOT = Path.of(System.getProperty("gatun.root"));
    private static final Path DOCS = ROOT.resolve("docs");

    /** A message of troubleshooting.md: a block of its own, with … for what varies. */
    private static final Pattern MESSAGE = Pattern.compile("(?ms)^```message\\n(.+?)\\n```$");

    private static final Pattern TEST = Pattern.compile("`([A-Z]\\w*Test)\\.(\\w+)`");
    private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z-]+");
    private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");

    private static List<Path> pages() throws IOException {
        try (Stream<Path> files = Files.list(DOCS)) {
            List<Path> pages = new ArrayList<>(files.filter(file -> file.toString().endsWith(".md")).sorted().toList());
            pages.add(ROOT.resolve("README.md"));
            return pages;
        }
    }

    /** Files below the source folders of all modules, without what builds leave there. */
    private static List<Path> sources(Predicate<Path> wanted) throws IOException {
        List<Path> result = new ArrayList<>();
        for (String folder : List.of("bindings", "java", "native/src", "cmake")) {
            Files.walkFileTree(ROOT.resolve(folder), new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                    return directory.endsWith("target") ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (wanted.test(file)) {
                        result.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        }
        return result;
    }

    /** Programs by name, with text that is split over lines put together again. */
    private static Map<Path, String> programs() throws IOException {
        List<Path> files = sources(file -> file.toString().matches(".*\\.(java|cpp|h|hpp|sh)")
                && !file.toString().contains("/src/test/"));
        files.add(ROOT.resolve("gatun"));
        Map<Path, String> result = new TreeMap<>();
        for (Path file : files) {
            String glue = file.toString().endsWith(".cpp") ? ",?" : "\\+";
            result.put(file, Files.readString(file).replaceAll("(?<!\\\\)\"\\s*" + glue + "\\s*\"", "")
                    .replace("\\\"", "\""));
        }
        return result;
    }

    /** What a message says between what varies, by sentences: those may come from several places of a program. */
    private static List<String> fragments(String message) {
        return Arrays.stream(message.split("…|(?<=[.:]) | (?=\\()"))
                .map(part -> part.replaceAll("^[\\s.,:;)]+|[\\s.,:;]+$", ""))
                .filter(part -> part.length() > 3).toList();
    }

    @Test
    void everyQuotedMessageIsPrintedSomewhere() throws IOException {
        Map<Path, String> programs = programs();
        List<String> gone = new ArrayList<>();
        Matcher messages = MESSAGE.matcher(Files.readString(DOCS.resolve("troubleshooting.md")));
        int count = 0;
        while (messages.find()) {
            String message = messages.group(1).replace('\n', ' ');
            List<String> fragments = fragments(message);
            assertTrue(fragments.stream().mapToInt(String::length).sum() >= 20, "says too little: " + message);
            if (programs.values().stream().noneMatch(text -> fragments.stream().allMatch(text::contains))) {
                gone.add(message);
            }
            count++;
        }
        assertEquals(List.of(), gone, "troubleshooting.md quotes what no program prints");
        assertTrue(count > 40, "only " + count + " messages found");
    }

    @Test
    void everyDifferenceNamesATestThatExists() throws IOException {
        Map<String, String> tests = new TreeMap<>();
        for (Path file : sources(file -> file.toString().endsWith("Test.java"))) {
            tests.put(file.getFileName().toString().replace(".java", ""), Files.readString(file));
        }
        List<String> wrong = new ArrayList<>();
        String[] entries = Files.readString(DOCS.resolve("differences.md")).split("(?m)^### ");
        for (String entry : Arrays.copyOfRange(entries, 1, entries.length)) {
            String title = entry.lines().findFirst().orElseThrow();
            Matcher named = TEST.matcher(entry.substring(entry.indexOf("- Test: ") + 1));
            int count = 0;
            for (; named.find(); count++) {
                if (!tests.getOrDefault(named.group(1), "").contains(" " + named.group(2) + "(")) {
                    wrong.add(title + ": " + named.group());
                }
            }
            if (count == 0) {
                wrong.add(title + ": no test");
            }
        }
        assertEquals(List.of(), wrong, "differences.md promises tests that are not there");
        assertTrue(entries.length > 20, "only " + entries.length + " entries found");
    }

    @Test
    void everyOptionExists() throws IOException {
        String programs = String.join("\n", programs().values());
        List<String> unknown = new ArrayList<>();
        for (Path page : pages()) {
            OPTION.matcher(Files.readString(page)).results().map(MatchResult::group)
                    .filter(option -> !List.of("--help", "--preset").contains(option) && !programs.contains(option))
                    .forEach(option -> unknown.add(page.getFileName() + ": " + option));
        }
        assertEquals(List.of(), unknown, "options that no program knows");
    }

    @Test
    void everyLinkLeadsSomewhere() throws IOException {
        List<String> dead = new ArrayList<>();
        int count = 0;
        for (Path page : pages()) {
            Matcher links = LINK.matcher(Files.readString(page));
            while (links.find()) {
                String[] parts = links.group(1).split("#", 2);
                if (parts[0].contains(":")) {
                    continue;
                }
                Path target = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]);
                if (!Files.exists(target) || parts.length == 2 && !anchors(target).contains(parts[1])) {
                    dead.add(page.getFileName() + ": " + links.group(1));
                }
                count++;
            }
        }
        assertEquals(List.of(), dead, "dead links");
        assertTrue(count > 12, "only " + count + " links found");
    }

    /** Names that GitHub gives the headings of a page. */
    private static List<String> anchors(Path page) throws IOException {
        try (Stream<String> lines = Files.lines(page)) {
            return lines.filter(line -> line.matches("#{1,6} .*")).map(line -> line.replaceFirst("#+ ", "")
                    .toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9 _-]", "").replace(' ', '-'))
                    .collect(Collectors.toList());
        }
    }

    @Test
    void thePageOfModelsHasEveryName() throws IOException {
        String page = Files.readString(DOCS.resolve("models.md"));
        Stream.of(Registries.backbones().names(), Registries.necks().names(), Registries.decoders().names(),
                Registries.fullModels().names(), Registries.modelFactories().names()).flatMap(Collection::stream)
                .forEach(name -> assertTrue(page.contains("`" + name.substring(name.indexOf('_') + 1) + "`"),
                        name + " is not in models.md"));
    }
}
