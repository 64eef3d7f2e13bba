// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import io.gatun.cli.WholeFile;
import io.gatun.core.DataException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.OutputException;
import io.gatun.data.internal.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reports as JSON files. */
public final class ReportFile {
    private static final String FORMAT = "gatun bench 1";
    private static final long MOST_BYTES = 16 << 20;

    private ReportFile() {}

    /**
     * Writes a report beside its target, then moves it into place.
     *
     * @throws OutputException if it cannot be written; nothing changes under the target's name then
     * @throws InterruptedRunException if the thread was interrupted; likewise
     */
    public static void write(Path target, Report report) {
        WholeFile.write(target, "result",
                () -> (Json.write(json(report)) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws DataException if the file is absent, damaged or something else
     */
    public static Report read(Path file) {
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw damaged(file, "it has " + Files.size(file) + " bytes");
            }
            return new Members(file, Json.parseObject(Files.readString(file))).report();
        } catch (NoSuchFileException e) {
            throw new DataException(file + ": no such file. Write one with gatun bench --json FILE.", e);
        } catch (IOException e) {
            // Of the parser's words the first line, without its own names for the place.
            throw damaged(file, String.valueOf(e.getMessage()).lines().findFirst().orElse("it cannot be read"));
        }
    }

    private static DataException damaged(Path file, String why) {
        return new DataException(file + ": is no whole result of gatun bench: " + why
                + ". Write one with gatun bench --json FILE.");
    }

    private static Map<String, Object> json(Report report) {
        Report.Setting setting = report.setting();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("format", FORMAT);
        json.put("date", setting.date());
        json.put("gatun", setting.gatun());
        json.put("java", setting.java());
        json.put("system", setting.system());
        json.put("device", setting.device());
        json.put("processor", setting.processor());
        json.put("threads", setting.threads());
        json.put("instructions", setting.instructions());
        json.put("libraries", setting.libraries());
        json.put("precision", setting.precision());
        json.put("shape", setting.shape());
        json.put("model", setting.model());
        json.put("weights", setting.weights());
        Map<String, Object> rates = new LinkedHashMap<>();
        rates.put("copy_bytes", report.rates().copyBytes());
        rates.put("copy_ns", report.rates().copy());
        rates.put("product_flops", report.rates().productFlops());
        rates.put("product_ns", report.rates().product());
        json.put("rates", rates);
        List<Object> rows = new ArrayList<>();
        for (Report.Row row : report.rows()) {
            Map<String, Object> members = new LinkedHashMap<>();
            members.put("name", row.name());
            members.put("bytes", row.bytes());
            members.put("flops", row.flops());
            members.put("bound_ns", row.bound());
            members.put("samples_ns", row.samples());
            rows.add(members);
        }
        json.put("rows", rows);
        return json;
    }

    /** Members of an object of the file, by type. */
    private record Members(Path file, Map<?, ?> values) {
        Report report() {
            if (!text("format").equals(FORMAT)) {
                throw damaged(file, "its format is \"" + text("format") + "\", expected \"" + FORMAT + "\"");
            }
            Members rates = new Members(file, of(Map.class, "rates"));
            List<Report.Row> rows = new ArrayList<>();
            for (Object row : of(List.class, "rows")) {
                if (!(row instanceof Map<?, ?> members)) {
                    throw damaged(file, "its rows are no objects");
                }
                rows.add(new Members(file, members).row());
            }
            return new Report(setting(), new Report.Rates(rates.positive("copy_bytes"), rates.times("copy_ns"),
                    rates.positive("product_flops"), rates.times("product_ns")), rows);
        }

        private Report.Setting setting() {
            return new Report.Setting(text("date"), text("gatun"), text("java"), text("system"), text("device"),
                    text("processor"), of(Long.class, "threads"), text("instructions"),
                    text("libraries"), text("precision"), text("shape"), text("model"), text("weights"));
        }

        private Report.Row row() {
            return new Report.Row(text("name"), positive("bytes"), of(Number.class, "flops").doubleValue(),
                    positive("bound_ns"), times("samples_ns"));
        }

        private String text(String name) {
            return of(String.class, name);
        }

        private double positive(String name) {
            return positive(name, of(Number.class, name));
        }

        private double positive(String name, Object value) {
            if (value instanceof Number number && number.doubleValue() > 0 && Double.isFinite(number.doubleValue())) {
                return number.doubleValue();
            }
            throw damaged(file, "a value of \"" + name + "\" is " + value + ", expected a positive number");
        }

        private List<Double> times(String name) {
            List<Double> times = new ArrayList<>();
            for (Object time : of(List.class, name)) {
                times.add(positive(name, time));
            }
            if (times.isEmpty()) {
                throw damaged(file, "\"" + name + "\" is empty");
            }
            return times;
        }

        private <T> T of(Class<T> type, String name) {
            Object value = values.get(name);
            if (!type.isInstance(value)) {
                throw damaged(file, value == null ? "\"" + name + "\" is absent"
                        : "\"" + name + "\" is " + value.getClass().getSimpleName() + ", expected "
                                + type.getSimpleName());
            }
            return type.cast(value);
        }
    }
}
