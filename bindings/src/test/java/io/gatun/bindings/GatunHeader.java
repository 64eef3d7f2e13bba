// SPDX-License-Identifier: Apache-2.0
package io.gatun.bindings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the text of {@code gatun.h} declares, read with no help from jextract.
 *
 * @param includeFolder for the C compiler's {@code -I}
 * @param functions name to its C types, the result's first
 * @param constants names of macros with a value and of enumerators
 * @param structs name to its field names
 */
record GatunHeader(Path includeFolder, Map<String, List<String>> functions, Set<String> constants,
        Map<String, List<String>> structs) {
    private static final String HEADER = "gatun/gatun.h";
    private static final Pattern COMMENT = Pattern.compile("/\\*.*?\\*/", Pattern.DOTALL);
    private static final Pattern MACRO = Pattern.compile("(?m)^#define +(GATUN_\\w+) +-?[0-9]\\w*$");
    private static final Pattern ENUM = Pattern.compile("typedef enum \\w+ \\{([^}]*)\\}");
    private static final Pattern ENUMERATOR = Pattern.compile("\\bGATUN_\\w+");
    private static final Pattern STRUCT = Pattern.compile("typedef struct (\\w+) \\{([^}]*)\\}");
    private static final Pattern FIELD = Pattern.compile("(\\w+) *(\\[\\w+\\])?;");
    private static final Pattern FUNCTION = Pattern.compile("GATUN_API +([^;()]*?)(gatun_\\w+)\\(([^)]*)\\);");
    private static final Pattern PARAMETER = Pattern.compile("(.*?)\\w+");

    static GatunHeader read() throws IOException {
        Path includeFolder = findIncludeFolder();
        String text = COMMENT.matcher(Files.readString(includeFolder.resolve(HEADER))).replaceAll(" ")
                .replaceAll("[ \\t]+", " ").replaceAll(" +\\n", "\n");
        Set<String> constants = new LinkedHashSet<>(all(MACRO, text).stream().map(found -> found.group(1)).toList());
        all(ENUM, text).forEach(found -> all(ENUMERATOR, found.group(1)).forEach(name -> constants.add(name.group())));
        Map<String, List<String>> structs = new LinkedHashMap<>();
        all(STRUCT, text).forEach(found -> structs.put(found.group(1),
                all(FIELD, found.group(2)).stream().map(field -> field.group(1)).toList()));
        Map<String, List<String>> functions = new LinkedHashMap<>();
        all(FUNCTION, text).forEach(found -> functions.put(found.group(2), types(found)));
        return new GatunHeader(includeFolder, functions, constants, structs);
    }

    private static List<String> types(MatchResult function) {
        List<String> types = new ArrayList<>(List.of(function.group(1).strip()));
        if (!function.group(3).equals("void")) {
            for (String parameter : function.group(3).split(",")) {
                Matcher parts = PARAMETER.matcher(parameter.strip());
                if (!parts.matches()) {
                    throw new AssertionError("cannot read parameter \"" + parameter + "\" of " + function.group(2));
                }
                types.add(parts.group(1).strip());
            }
        }
        return types;
    }

    private static List<MatchResult> all(Pattern pattern, String text) {
        return pattern.matcher(text).results().toList();
    }

    private static Path findIncludeFolder() {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            Path include = folder.resolve("native/include");
            if (Files.isRegularFile(include.resolve(HEADER))) {
                return include;
            }
        }
        throw new AssertionError("no native/include/" + HEADER + " above " + Path.of("").toAbsolutePath());
    }
}
