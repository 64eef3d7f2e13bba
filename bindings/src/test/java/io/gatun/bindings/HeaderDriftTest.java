// SPDX-License-Identifier: Apache-2.0
package io.gatun.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.bindings.ffi.GatunH;
import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The committed classes must say what {@code gatun.h} says: names and signatures by the header's text, layouts and
 * values by the C compiler. After a failure run {@code bindings/regenerate.sh}.
 */
class HeaderDriftTest {
    private static final String GENERATED = "io.gatun.bindings.ffi";

    private static GatunHeader header;

    @BeforeAll
    static void readHeader() throws IOException {
        header = GatunHeader.read();
        assertTrue(header.functions().size() > 30 && header.structs().size() > 5 && header.constants().size() > 30,
                () -> "the header was not understood: " + header);
    }

    @Test
    void functionsAreThoseOfTheHeaderWithTheirSignatures() {
        List<String> found = new ArrayList<>();
        for (Method method : generated("gatun_")) {
            found.add(method.getName() + Stream.concat(Stream.of(method.getReturnType()),
                    Arrays.stream(method.getParameterTypes())).map(Class::getSimpleName).toList());
        }
        List<String> wanted = new ArrayList<>();
        header.functions().forEach((name, types) ->
                wanted.add(name + types.stream().map(HeaderDriftTest::carrier).toList()));
        assertAgree(wanted, found);
    }

    @Test
    void constantsAreThoseOfTheHeader() {
        assertAgree(header.constants(), generated("GATUN_").stream().map(Method::getName).toList());
    }

    @Test
    void structsAreThoseOfTheHeaderFieldByField() throws Exception {
        List<String> wanted = new ArrayList<>();
        header.structs().forEach((name, fields) -> wanted.add(name + fields));
        assertAgree(wanted,
                layouts().stream().map(layout -> layout.name().orElseThrow() + fields(layout)).toList());
    }

    @Test
    void sizesOffsetsAndValuesAreThoseOfTheCompiler(@TempDir Path folder) throws Exception {
        List<String> found = new ArrayList<>();
        StringBuilder program = new StringBuilder(
                "#include <gatun/gatun.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void) {\n");
        for (GroupLayout layout : layouts()) {
            String struct = layout.name().orElseThrow();
            found.add(struct + " " + layout.byteSize());
            print(program, struct, "sizeof(" + struct + ")");
            for (String field : fields(layout)) {
                PathElement path = PathElement.groupElement(field);
                found.add(struct + "." + field + " at " + layout.byteOffset(path));
                found.add(struct + "." + field + " of " + layout.select(path).byteSize());
                print(program, struct + "." + field + " at", "offsetof(" + struct + ", " + field + ")");
                print(program, struct + "." + field + " of", "sizeof(((" + struct + " *)0)->" + field + ")");
            }
        }
        for (Method constant : generated("GATUN_")) {
            found.add(constant.getName() + " " + constant.invoke(null));
            print(program, constant.getName(), constant.getName());
        }
        program.append("  return 0;\n}\n");

        assertAgree(compileAndRun(program.toString(), folder).lines().toList(), found);
    }

    @Test
    void everyFunctionIsInTheLibrary() {
        NativeLibrary.load();
        SymbolLookup library = SymbolLookup.loaderLookup();
        assertEquals(List.of(),
                header.functions().keySet().stream().filter(name -> library.find(name).isEmpty()).toList());
    }

    private static void assertAgree(Collection<String> wanted, Collection<String> found) {
        Set<String> inHeader = new TreeSet<>(wanted);
        found.forEach(inHeader::remove);
        Set<String> inClasses = new TreeSet<>(found);
        wanted.forEach(inClasses::remove);
        assertTrue(inHeader.isEmpty() && inClasses.isEmpty(), () -> "only in gatun.h: " + inHeader
                + ", only in the classes: " + inClasses + ". Run bindings/regenerate.sh.");
    }

    /** The Java type that carries a C type across a downcall. */
    private static String carrier(String cType) {
        return switch (cType) {
            case "int32_t", "gatun_status" -> "int";
            case "int64_t" -> "long";
            case "float", "double", "void" -> cType;
            default -> {
                assertTrue(cType.endsWith("*"), () -> "no " + cType + " is passed by value; add it here if it may be");
                yield MemorySegment.class.getSimpleName();
            }
        };
    }

    private static List<Method> generated(String prefix) {
        return Arrays.stream(GatunH.class.getMethods())
                .filter(method -> method.getName().startsWith(prefix) && !method.getName().contains("$")).toList();
    }

    /** The layouts of all generated structs: found by looking at the class files, so that none is forgotten. */
    private static List<GroupLayout> layouts() throws Exception {
        Path folder = Path.of(GatunH.class.getResource("GatunH.class").toURI()).getParent();
        List<GroupLayout> layouts = new ArrayList<>();
        for (Path file : files(folder)) {
            String name = file.getFileName().toString();
            if (name.matches("gatun_\\w+\\.class")) {
                Class<?> struct = Class.forName(GENERATED + "." + name.replace(".class", ""));
                layouts.add((GroupLayout) struct.getMethod("layout").invoke(null));
            }
        }
        return layouts;
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    private static List<String> fields(GroupLayout layout) {
        return layout.memberLayouts().stream().filter(member -> !(member instanceof PaddingLayout))
                .map(MemoryLayout::name).map(Optional::orElseThrow).toList();
    }

    private static void print(StringBuilder program, String name, String value) {
        program.append("  printf(\"%s %lld\\n\", \"").append(name).append("\", (long long)").append(value)
                .append(");\n");
    }

    /** The header must also be clean, strict C11: that is the language of its other callers. */
    private static String compileAndRun(String program, Path folder) throws IOException, InterruptedException {
        Optional<String> compiler = compiler();
        if (!"true".equals(System.getenv("CI"))) {
            assumeTrue(compiler.isPresent(), "no C compiler on PATH (Debian: package gcc)");
        }
        Path source = Files.writeString(folder.resolve("layout.c"), program);
        Path executable = folder.resolve("layout");
        run(compiler.orElseThrow(() -> new AssertionError("no C compiler on PATH (Debian: package gcc)")), "-std=c11",
                "-pedantic", "-Wall", "-Wextra", "-Werror", "-I", header.includeFolder().toString(), "-o",
                executable.toString(), source.toString());
        return run(executable.toString());
    }

    private static Optional<String> compiler() {
        return Stream.of("cc", "gcc", "clang").filter(name -> Arrays.stream(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)))).findFirst();
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertEquals(0, process.waitFor(), said);
        return said;
    }
}
