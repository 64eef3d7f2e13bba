// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.ArgumentException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A modality and its file, as in S2L2A=scene.tif. */
record ModalityFile(String modality, Path file) {
    /** Files by modality, in order; a modality that is there twice is an error. */
    static SequencedMap<String, Path> byModality(String option, List<ModalityFile> given) {
        SequencedMap<String, Path> files = new LinkedHashMap<>();
        given.forEach(each -> {
            Path other = files.putIfAbsent(each.modality, each.file);
            if (other != null) {
                throw new ArgumentException(option + " has " + each.modality + " twice, " + other + " and " + each.file
                        + "; give one file for each modality");
            }
        });
        return files;
    }

    /** Of what the user types. */
    static final class Converter implements ITypeConverter<ModalityFile> {
        @Override
        public ModalityFile convert(String text) {
            int at = text.indexOf('=');
            if (at < 1 || at == text.length() - 1) {
                throw new TypeConversionException("\"" + text + "\" is no modality with a file; expected MODALITY=FILE,"
                        + " as S2L2A=scene.tif");
            }
            return new ModalityFile(text.substring(0, at), Path.of(text.substring(at + 1)));
        }
    }
}
