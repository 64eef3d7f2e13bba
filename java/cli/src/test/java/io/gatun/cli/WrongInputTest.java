// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.gatun.core.Checkpoint;
import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.safetensors.SafetensorsFile;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What users get wrong, one thing a row, on the shipped sample: refused with the reason and what to do, or corrected
 * where the documentation says so. Nothing passes in silence.
 */
class WrongInputTest {
    private static final int USAGE = 2;
    private static final Path GOLDEN =
            CommandRun.SAMPLE.resolveSibling("java/data/src/test/resources/golden/checkpoints");

    @TempDir
    private Path folder;

    /** Makes the input in a folder and returns the options, of which the usual ones may be left out. */
    private interface Input {
        List<Object> options(Path folder) throws IOException;
    }

    /** A row: what is wrong, how it is made, and what the message must say. */
    private record Row(String name, int code, Input input, List<String> parts) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Row row(String name, Input input, String... parts) {
        return new Row(name, Gatun.FAILED, input, List.of(parts));
    }

    private static Input options(Object... options) {
        return _ -> List.of(options);
    }

    private static Row usage(String name, Input input, String... parts) {
        return new Row(name, USAGE, input, List.of(parts));
    }

    /** A copy of the sample's first days, changed. */
    private static Input daily(Consumer<EditableFile> damage) {
        return folder -> {
            EditableFile file = EditableFile.daily();
            damage.accept(file);
            return List.of("--input", file.write(folder.resolve("daily.nc")));
        };
    }

    private static Input sst(Consumer<EditableFile.Variable> damage) {
        return daily(file -> damage.accept(file.variable("sst")));
    }

    private static Input time(Consumer<EditableFile.Variable> damage) {
        return daily(file -> damage.accept(file.variable("time")));
    }

    /** The sample and a file of its own for the mask. */
    private static Input mask(Consumer<EditableFile> damage) {
        return folder -> {
            EditableFile file = EditableFile.daily();
            file.remove("sst");
            damage.accept(file);
            return List.of("--input", EditableFile.daily().write(folder.resolve("daily.nc")), "--land-mask",
                    file.write(folder.resolve("mask.nc")));
        };
    }

    /** The shipped checkpoint with other tensors or another configuration. */
    private static Input checkpoint(Consumer<Map<String, TensorData>> tensors, Consumer<Map<String, Object>> sections) {
        return folder -> {
            Checkpoint full = SafetensorsFile.read(CommandRun.CHECKPOINT);
            Map<String, TensorData> changed = new LinkedHashMap<>(full.tensors());
            Map<String, Object> configuration = new LinkedHashMap<>(full.configuration());
            tensors.accept(changed);
            sections.accept(configuration);
            Path file = folder.resolve("model.safetensors");
            SafetensorsFile.write(file, changed, configuration);
            return List.of("--checkpoint", file);
        };
    }

    private static Input tensors(Consumer<Map<String, TensorData>> damage) {
        return checkpoint(damage, _ -> {});
    }

    private static void prefix(Map<String, TensorData> tensors) {
        Map<String, TensorData> renamed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> renamed.put("model." + name, tensor));
        tensors.clear();
        tensors.putAll(renamed);
    }

    /** Bytes in place of a file, under one of the options. */
    private static Input bytes(String option, String name, byte[] content) {
        return folder -> List.of(option, Files.write(folder.resolve(name), content));
    }

    private static byte[] start(Path file, double part) {
        try {
            byte[] all = Files.readAllBytes(file);
            return Arrays.copyOf(all, (int) (part * all.length));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** A PyTorch archive with a pickle of its own. */
    private static Input pickle(byte[] pickle) {
        return folder -> {
            Path file = folder.resolve("model.pth");
            try (OutputStream out = Files.newOutputStream(file); ZipOutputStream zip = new ZipOutputStream(out)) {
                zip.putNextEntry(new ZipEntry("archive/data.pkl"));
                zip.write(pickle);
                zip.putNextEntry(new ZipEntry("archive/version"));
                zip.write(ascii("3\n"));
            }
            return List.of("--checkpoint", file);
        };
    }

    static Stream<Row> wrongOptions() {
        return Stream.of(
                usage("a month in words", options("--months", "march"), "\"march\" is no month", "2014-03"),
                usage("a month of the picture in words", options("--plot-month", "03/2014"), "\"03/2014\" is no month"),
                usage("a thirteenth month", options("--months", "2014-13"), "\"2014-13\" is no month"),
                row("a month that the input lacks", options("--months", "2014-03", "2019-03"), "[2019-03]",
                        "2014-01 to 2014-12", "--months"),
                row("a dry run of a year that the input lacks", options("--dry-run", "--months", "2019-03"),
                        "[2019-03]", "2014-01 to 2014-12"),
                row("a dry run with a truth that is missing", options("--dry-run", "--truth", "no.nc"), "no such file"),
                usage("a negative window", options("--window", "-8"), "\"-8\" is no window", "32x48"),
                row("a window of no cell", options("--window", "0"), "windows of 0 rows", "expected 1 to"),
                row("a window beyond the encodings", options("--window", "99999"), "windows of 99999 rows",
                        "expected 1 to 256"),
                row("a negative overlap", options("--overlap", "-1"), "overlap of windows is -1", "at least 0"),
                row("an overlap as large as the window", options("--overlap", "32"), "windows of 32",
                        "overlap by 32", "below the window"),
                usage("both ways to say what is land", options("--land-from-data", "--land-mask", CommandRun.DAILY),
                        "--land-mask", "--land-from-data", "Give one"),
                usage("a month of no picture", options("--plot-month", "2014-03"), "--plot-month", "--plot FILE"),
                usage("an option that is misspelt", options("--moths", "2014-03"), "--moths"),
                usage("an overlap in words", options("--overlap", "half"), "--overlap", "half"),
                usage("another target", options("--mean", "1", "--std", "1", "--target", "anomaly"), "anomaly",
                        "RESIDUAL, ABSOLUTE"),
                row("a pattern that matches nothing", options("--input", "no_such_*.nc"), "no_such_*.nc",
                        "no file matches"),
                row("an input that is missing", options("--input", "no.nc"), "no.nc: no such file", "relative to"),
                row("an input that is a folder", options("--input", CommandRun.SAMPLE), "is a directory",
                        "Name a file in it"),
                row("the same file twice", options("--input", CommandRun.DAILY,
                        CommandRun.SAMPLE.resolve("../sample/tasman_daily_gappy_2014.nc")), "is given twice", "once"),
                row("a truth that is missing", options("--truth", "no.nc"), "no.nc: no such file"),
                row("a device that is unknown", options("--device", "tpu"), "\"tpu\"", "cuda:N"),
                row("an output folder that is missing", folder -> List.of("--output", folder.resolve("no/m.nc")),
                        "no/m.nc", "does not exist", "Create it"),
                row("an output that is a folder", folder -> List.of("--output", folder), "is a directory",
                        "Add a file name"),
                row("an output whose folder is a file",
                        folder -> List.of("--output", Files.createFile(folder.resolve("file")).resolve("m.nc")),
                        "does not exist"),
                row("an output where nothing can be written", options("--output", "/proc/monthly.nc"),
                        "/proc/monthly.nc", "the folder /proc"),
                row("an output that is an input", folder -> {
                    Path copy = Files.copy(CommandRun.DAILY, folder.resolve("daily.nc"));
                    return List.of("--input", copy, "--output", copy);
                }, "is also read by this run", "another name"),
                row("a picture under the map's name", folder -> List.of("--output", folder.resolve("m.nc"), "--plot",
                        folder.resolve("m.nc")), "one name", "--plot"),
                row("a picture of a month that the input lacks", folder -> List.of("--plot", folder.resolve("m.png"),
                        "--plot-month", "2015-01"), "no 2015-01 to draw", "2014-12-31"),
                row("a variable that is misspelt", options("--variable", "sstt"), "Did you mean \"sst\"?",
                        "land_mask(lat, lon)"),
                row("a variable that is no field", options("--variable", "land_mask"), "[lat, lon]",
                        "(time, latitude, longitude)"),
                row("a prefix that no tensor has", options("--strip-prefix", "module."), "\"module.\"",
                        "decoder.", "Leave out --strip-prefix"));
    }

    static Stream<Row> wrongFiles() {
        return Stream.of(
                row("a file cut short", bytes("--input", "cut.nc", start(CommandRun.DAILY, 0.6)), "cut.nc",
                        "damaged or cut short", "Fetch it again"),
                row("a web page", bytes("--input", "page.nc", ascii("<html>not found</html>")), "page.nc",
                        "not a NetCDF file", "a web page"),
                row("an empty file", bytes("--input", "empty.nc", new byte[0]), "empty.nc", "it is empty"),
                row("HDF5 in its first bytes only", bytes("--input", "hdf.nc", Arrays.copyOf(
                        start(CommandRun.DAILY, 0.001), 4096)), "hdf.nc", "damaged"),
                row("classic NetCDF in its first bytes only", bytes("--input", "cdf.nc", ascii("CDF\2garbage")),
                        "cdf.nc", "damaged"),
                row("a header of far more cells than the file has", folder -> {
                    Path file = EditableFile.daily().write(folder.resolve("huge.nc"));
                    byte[] all = Files.readAllBytes(file);
                    // Length of the name, the name padded to four bytes, length of the dimension.
                    int lat = new String(all, StandardCharsets.ISO_8859_1).indexOf("\0\0\0\3lat\0\0\0\0\40");
                    all[lat + 8] = 0x7f;
                    return List.of("--input", Files.write(file, all));
                }, "huge.nc", "damaged"),
                row("no time axis", daily(f -> f.remove("time")), "variable \"sst\"", "dimension \"time\"",
                        "days since"),
                row("time without units", time(t -> t.attributes.remove("units")), "no units attribute", "days since"),
                row("time in months", time(t -> t.text("units", "months since 1970-01-01")), "\"months\" is not",
                        "days|hours"),
                row("time in words", time(t -> t.text("units", "day as %Y%m%d.%f")), "the form is not understood",
                        "Correct the units"),
                row("a calendar of another planet", time(t -> t.text("calendar", "martian")), "\"martian\"",
                        "supported: standard"),
                row("a time step without a time", time(t -> t.values[3] = Double.NaN), "step 3", "NaN"),
                row("no latitude", daily(f -> f.remove("lat")), "dimension \"lat\"", "degrees_north"),
                row("no longitude", daily(f -> f.remove("lon")), "dimension \"lon\"", "degrees_east"),
                row("latitude over rows and columns", daily(f -> {
                    f.variable("lat").dimensions = List.of("lat", "lon");
                    f.variable("lat").values = new double[32 * 32];
                }), "\"lat\"", "shape [32, 32]", "Curvilinear"),
                row("latitude that is missing", daily(f -> f.variable("lat").values[4] = Double.NaN), "latitude 4",
                        "NaN"),
                row("latitude beyond the pole", daily(f -> f.variable("lat").map(v -> v - 60)), "latitude 0",
                        "-90 to 90"),
                row("latitude that goes back", daily(f -> f.variable("lat").values[7] = -60), "latitude 7",
                        "steadily"),
                row("longitude with a gap", daily(f -> f.variable("lon").values[31] += 3), "longitude 31",
                        "steps of one size"),
                row("axes in metres", daily(f -> f.variable("lon").text("units", "m")), "\"lon\"", "is in m",
                        "degrees_east"),
                row("longitude before latitude",
                        daily(f -> f.variable("sst").dimensions = List.of("time", "lon", "lat")), "\"lon\"",
                        "called longitude", "(time, latitude, longitude)"),
                row("no variable of the standard name", sst(v -> v.attributes.remove("standard_name")),
                        "0 variables of standard_name", "--variable", "[sst]"),
                row("two variables of the standard name", daily(f -> f.copy("sst", "sst_smooth")), "2 variables",
                        "[sst, sst_smooth]", "--variable"),
                row("two levels", daily(f -> {
                    f.dimensions.put("depth", 2);
                    f.dimensions.put("time", EditableFile.DAYS / 2);
                    f.variable("time").values = Arrays.copyOf(f.variable("time").values, EditableFile.DAYS / 2);
                    f.variable("sst").dimensions = List.of("time", "depth", "lat", "lon");
                }), "[time, depth, lat, lon]", "one level"),
                row("no units", sst(v -> v.attributes.remove("units")), "no attribute \"units\"", "kelvin"),
                row("units of another quantity", sst(v -> v.text("units", "m s-1")), "is in m s-1", "Convert"),
                row("degrees Fahrenheit", sst(v -> v.text("units", "degF")), "is in degF", "degree_Celsius"),
                row("kelvin called Celsius", sst(v -> v.map(t -> t + 273.15)), "values from 28", "look like kelvin",
                        "attribute units"),
                row("Celsius called kelvin", sst(v -> v.text("units", "kelvin")), "look like degrees Celsius"),
                row("a fill value that nothing declares", sst(v -> {
                    v.attributes.put("_FillValue", AttributeValue.of(-1f));
                    v.map(t -> Double.isNaN(t) ? -999 : t);
                }), "values from -999", "_FillValue"),
                row("infinite values", sst(v -> v.values[32 * 20 + 20] = Double.POSITIVE_INFINITY), "Infinity",
                        "expected temperatures"),
                row("no value at all", sst(v -> v.map(_ -> Double.NaN)), "12 days and not one value at sea",
                        "fill value"),
                row("a fill value in words", sst(v -> v.text("scale_factor", "one tenth")), "scale_factor",
                        "expected a number"),
                row("a monthly file alone", options("--input", CommandRun.TRUTH, "--variable", "sst_mean"),
                        "tasman_monthly_truth_2014.nc", "2014-01-01 to 2014-02-01, 31 days long", "--truth"),
                row("a monthly file without bounds", folder -> {
                    EditableFile monthly = EditableFile.of(CommandRun.TRUTH, 12);
                    monthly.variable("time").attributes.remove("bounds");
                    return List.of("--input", monthly.write(folder.resolve("means.nc")));
                }, "means.nc", "12 dates at least 28 days apart", "monthly values"),
                row("a monthly file among daily ones", folder -> {
                    EditableFile monthly = EditableFile.of(CommandRun.TRUTH, 1);
                    monthly.rename("sst_mean", "sst");
                    return List.of("--input", CommandRun.DAILY, monthly.write(folder.resolve("means.nc")));
                }, "means.nc", "monthly values"),
                row("two files on different grids", folder -> {
                    EditableFile other = EditableFile.daily();
                    other.variable("lat").map(v -> v + 0.1);
                    return List.of("--input", CommandRun.DAILY, other.write(folder.resolve("other.nc")));
                }, "other.nc", "tasman_daily_gappy_2014.nc", "one grid"),
                row("two files in different units", folder -> {
                    EditableFile other = EditableFile.daily();
                    other.variable("sst").text("units", "kelvin");
                    return List.of("--input", CommandRun.DAILY, other.write(folder.resolve("other.nc")));
                }, "\"kelvin\"", "\"degree_Celsius\"", "one unit"),
                row("a dry run in other units", folder -> Stream.concat(Stream.of("--dry-run"),
                        sst(v -> v.text("units", "m s-1")).options(folder).stream()).toList(), "is in m s-1"),
                row("nothing that says what is land", daily(f -> f.remove("land_mask")), "12 days are too few",
                        "--land-mask", "--land-from-data"));
    }

    static Stream<Row> wrongMasks() {
        return Stream.of(
                row("a mask of part of the grid", mask(f -> f.crop(30, 32)), "30 x 32", "32 x 32",
                        "must have all cells"),
                row("a mask of another shape without coordinates", mask(f -> {
                    f.crop(30, 32);
                    f.remove("lat");
                    f.remove("lon");
                }), "shape [30, 32]", "32 x 32"),
                row("a mask of another region", mask(f -> f.variable("lat").map(v -> v + 10)), "mask.nc",
                        "the mask must have all cells"),
                row("a mask between the cells", mask(f -> f.variable("lon").map(v -> v + 0.125)), "mask.nc",
                        "the mask must have all cells"),
                row("a mask that is all land", mask(f -> f.variable("land_mask").map(_ -> 1)), "mask.nc", "1024 cells",
                        "Turn the mask round"),
                row("a mask in percent", mask(f -> f.variable("land_mask").map(v -> 100 * v)), "the value 100.0",
                        "1 on land"),
                row("a mask with missing values", mask(f -> f.variable("land_mask").values[5] = Double.NaN),
                        "the value NaN", "no missing values"),
                row("a mask file without a map", mask(f -> f.remove("land_mask")), "no variable \"land_mask\"",
                        "0 other maps", "expected one mask"),
                row("a mask that is 1 on sea", mask(f -> f.variable("land_mask").map(v -> 1 - v)),
                        "not one value at sea", "land mask"));
    }

    static Stream<Row> wrongCheckpoints() {
        return Stream.of(
                row("a checkpoint that is missing", options("--checkpoint", "no.pth"), "no.pth", "Check the path"),
                row("a NetCDF file", options("--checkpoint", CommandRun.DAILY), "an HDF5/NetCDF file", "as data"),
                row("a checkpoint cut short", bytes("--checkpoint", "cut.safetensors",
                        start(CommandRun.CHECKPOINT, 0.7)), "cut.safetensors", "again"),
                row("an empty checkpoint", bytes("--checkpoint", "empty.pth", new byte[0]), "empty.pth"),
                row("a PyTorch file cut short", options("--checkpoint", GOLDEN.resolve("refuse_truncated.pth")),
                        "truncated or damaged", "again"),
                row("a web page", bytes("--checkpoint", "page.pth", ascii("<html>not found</html>")), "page.pth",
                        "an HTML page", "Download the file again"),
                row("a text", bytes("--checkpoint", "text.pth", ascii("weights, soon")), "of an unknown format",
                        "77 65 69 67", "Known are"),
                row("a weight that is missing", tensors(t -> t.remove("encoder.proj.bias")), "1 weights missing",
                        "missing: encoder.proj.bias"),
                row("a weight of another shape", tensors(t -> t.put("encoder.norm.weight", floats(1, 2))),
                        "other shape: encoder.norm.weight"),
                row("a weight too many", tensors(t -> t.put("geo.weight", floats(1))), "unexpected: geo.weight [1]"),
                row("a weight that is NaN", tensors(t -> t.computeIfPresent("decoder.head.bias",
                        (_, _) -> floats(Float.NaN))), "decoder.head.bias", "NaN", "diverged"),
                row("a prefix before all names", tensors(WrongInputTest::prefix), "begin with \"model.\"",
                        "--strip-prefix model."),
                row("another model", tensors(t -> {
                    t.clear();
                    t.put("cls_token", floats(1, 2));
                }), "does not fit the model", "unexpected: cls_token", "missing: encoder.proj.weight"),
                row("another model that states nothing", checkpoint(t -> {
                    t.clear();
                    t.put("cls_token", floats(1, 2));
                }, Map::clear), "model.safetensors", "temporal.day_scorer.1.weight"),
                row("no normalization", checkpoint(_ -> {}, c -> c.remove("normalization")), "\"normalization\"",
                        "--mean, --std"),
                row("a normalization of another kind", checkpoint(_ -> {}, c -> c.put("normalization",
                        Map.of("mean", 15.0, "std", 2.0, "residual_scale", 1.0, "target", "anomaly"))),
                        "normalization.target is anomaly", "\"residual\" or \"absolute\""),
                row("a deviation of 0", checkpoint(_ -> {}, c -> c.put("normalization",
                        Map.of("mean", 15.0, "std", 0.0, "residual_scale", 1.0))), "std 0.0", "positive"),
                row("a deviation of 0 in the options", folder -> Stream.concat(
                        checkpoint(_ -> {}, c -> c.remove("normalization")).options(folder).stream(),
                        Stream.of("--mean", "15", "--std", "0", "--target", "absolute")).toList(), "std 0.0",
                        "positive"),
                row("normalised twice", options("--mean", "1", "--std", "1", "--target", "absolute"),
                        "states its own normalisation", "Leave out"),
                // Protocol 0: os.system("touch witness").
                row("a pickle that runs a program", pickle(ascii("cposix\nsystem\n(S'touch witness'\ntR.")),
                        "posix.system", "nothing was executed"),
                row("a pickle of a whole model", pickle(ascii("cclimanet.model\nModel\n(tR.")),
                        "climanet.model.Model", "state_dict"),
                row("a pickle that unpacks to far more than it is", pickle(new byte[300_000_000]), "model.pth"));
    }

    private static TensorData floats(float... values) {
        return new TensorData(DType.F32, Shape.of(values.length), MemorySegment.ofArray(values));
    }

    private CommandRun run(List<Object> options) {
        List<Object> all = new ArrayList<>(List.of("reconstruct"));
        Map<String, Object> usual = new LinkedHashMap<>();
        usual.put("--input", CommandRun.DAILY);
        usual.put("--checkpoint", CommandRun.CHECKPOINT);
        usual.put("--output", folder.resolve("monthly.nc"));
        usual.forEach((name, value) -> all.addAll(options.contains(name) ? List.of() : List.of(name, value)));
        all.addAll(options);
        return CommandRun.of(all.toArray());
    }

    @ParameterizedTest
    @MethodSource({"wrongOptions", "wrongFiles", "wrongMasks", "wrongCheckpoints"})
    void isRefusedWithTheReason(Row row) throws IOException {
        List<Object> options = row.input().options(folder);
        List<String> before = CommandRun.filesIn(folder);
        CommandRun run = run(options);
        assertEquals(row.code(), run.code(), run.err());
        assertEquals("", run.out());
        assertEquals(1, run.err().lines().filter(line -> line.startsWith("gatun: ")).count(), run.err());
        for (String part : row.parts()) {
            assertTrue(run.err().contains(part), "\"" + part + "\" is not in: " + run.err());
        }
        assertFalse(run.err().contains("reconstructing"), "found after computing: " + run.err());
        assertFalse(run.err().contains("internal error") || run.err().contains("\tat "), run.err());
        assertEquals(before, CommandRun.filesIn(folder), "files after the run");
    }

    static Stream<Row> corrections() {
        return Stream.of(
                row("kelvin", sst(v -> {
                    v.text("units", "K");
                    v.map(t -> t + 273.15);
                })),
                row("rows from north to south", daily(EditableFile::flipRows)),
                row("longitudes from -180 on", daily(f -> f.variable("lon").map(v -> v - 360))),
                row("days in another order", daily(f -> {
                    double[] days = f.variable("time").values;
                    double[] values = f.variable("sst").values;
                    int cells = values.length / days.length;
                    double[] turned = new double[values.length];
                    for (int day = 0; day < days.length; day++) {
                        System.arraycopy(values, day * cells, turned, (days.length - 1 - day) * cells, cells);
                    }
                    f.variable("sst").values = turned;
                    f.variable("time").values = Arrays.stream(days).map(d -> 2 * days[0] + days.length - 1 - d)
                            .toArray();
                })),
                row("a fill value of another type", sst(v ->
                        v.attributes.put("_FillValue", AttributeValue.of(1e20)))),
                row("time in hours of a longer calendar name", time(t -> {
                    t.text("units", "hours since 1970-01-01");
                    t.text("calendar", "Gregorian");
                    t.map(v -> 24 * v + 12);
                })),
                row("a calendar without leap days", time(t -> {
                    double first = t.values[0];
                    t.text("units", "days since 2014-01-01");
                    t.text("calendar", "noleap");
                    t.map(v -> v - first);
                })),
                row("a level axis of length one", daily(f -> {
                    f.dimensions.put("depth", 1);
                    f.variable("sst").dimensions = List.of("time", "depth", "lat", "lon");
                })),
                row("a mask from north to south", mask(EditableFile::flipRows)),
                row("a mask with longitudes from -180 on", mask(f -> f.variable("lon").map(v -> v - 360))),
                row("a prefix before all names, named", folder -> Stream.concat(Stream.of("--strip-prefix", "model."),
                        tensors(WrongInputTest::prefix).options(folder).stream()).toList()));
    }

    /** The map is that of the undamaged file: the values of its cells, whatever their order. */
    @ParameterizedTest
    @MethodSource("corrections")
    void isCorrected(Row row) throws IOException {
        List<Object> options = new ArrayList<>(row.input().options(folder));
        Path map = folder.resolve("monthly.nc");
        if (!options.contains("--input")) {
            options.addAll(List.of("--input", EditableFile.daily().write(folder.resolve("daily.nc"))));
        }
        CommandRun run = run(options);
        assertEquals(0, run.code(), run.err());
        Path plain = folder.resolve("plain.nc");
        assertEquals(0, run(List.of("--input", EditableFile.daily().write(folder.resolve("undamaged.nc")), "--output",
                plain)).code());
        assertArrayEquals(celsius(plain), celsius(map), 2e-3);
    }

    static Stream<Row> oddities() {
        return Stream.of(
                row("a date twice", time(t -> t.values[1] = t.values[0]), "1 dates have several time steps"),
                row("a window that is no multiple of the patch", options("--window", "30x32"),
                        "30 rows are no whole patches of 4", "padded to 32"),
                row("a window larger than the grid", options("--window", "64"), "64 x 64 cells",
                        "trained on 32 x 32"),
                row("another region", daily(f -> f.variable("lon").map(v -> v - 100)), "outside of what",
                        "longitude is 47.13"),
                row("rows of a Mercator grid", daily(f -> f.variable("lat").map(v -> v + v * v / 200)), "rows of the"
                        + " grid are", "takes them for even"),
                row("land taken from data", folder -> Stream.concat(Stream.of("--land-from-data"),
                        daily(f -> f.remove("land_mask")).options(folder).stream()).toList(), "no land mask",
                        "are taken for land"),
                row("a month without a value", folder -> {
                    EditableFile file = EditableFile.daily();
                    file.variable("sst").map(_ -> Double.NaN);
                    file.variable("time").map(v -> v + 365);
                    return List.of("--input", CommandRun.DAILY, file.write(folder.resolve("empty.nc")));
                }, "2015-01 is left out", "12 days"));
    }

    /** What may be meant runs, and a note says what was found. */
    @ParameterizedTest
    @MethodSource("oddities")
    void isRemarkedOn(Row row) throws IOException {
        CommandRun run = run(row.input().options(folder));
        assertEquals(0, run.code(), run.err());
        List<String> notes = run.err().lines().filter(line -> line.startsWith("note: ")).toList();
        for (String part : row.parts()) {
            assertTrue(notes.stream().anyMatch(note -> note.contains(part)), "\"" + part + "\" is not in: " + notes);
        }
    }

    /** A file with groups has names that the output, classic NetCDF, cannot have. */
    @Test
    void aVariableOfAGroupIsWrittenUnderItsOwnName() throws Exception {
        Path text = Files.writeString(folder.resolve("grouped.cdl"), """
                netcdf grouped {
                dimensions: time = 2 ; lat = 4 ; lon = 4 ;
                variables:
                  double time(time) ; time:units = "days since 2014-01-01" ;
                  double lat(lat) ; lat:units = "degrees_north" ;
                  double lon(lon) ; lon:units = "degrees_east" ;
                  byte land_mask(lat, lon) ;
                data: time = 0, 1 ; lat = -40, -39.75, -39.5, -39.25 ; lon = 150, 150.25, 150.5, 150.75 ;
                  land_mask = 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 ;
                group: level3 {
                  variables: float sst(time, lat, lon) ; sst:units = "kelvin" ;
                  data: sst = 288, 288, 288, 288, 288, 288, 288, 288, 288, 288, 288, 288, 288, 288, 288, 288,
                    289, 289, 289, 289, 289, 289, 289, 289, 289, 289, 289, 289, 289, 289, 289, 289 ;
                }
                }
                """);
        Path grouped = folder.resolve("grouped.nc");
        try {
            assertEquals(0, new ProcessBuilder("ncgen", "-4", "-o", grouped.toString(), text.toString()).inheritIO()
                    .start().waitFor());
        } catch (IOException e) {
            String reason = "ncgen is not installed (Debian package netcdf-bin)";
            assertNotEquals("true", System.getenv("CI"), reason);
            abort(reason);
        }
        CommandRun run = run(List.of("--input", grouped, "--variable", "level3/sst"));
        assertEquals(0, run.code(), run.err());
        try (NetcdfFile file = NetcdfFile.open(folder.resolve("monthly.nc"))) {
            assertEquals("kelvin", file.variable("sst").text("units").orElseThrow());
            assertEquals(288.5, file.variable("sst_mean_of_observations").readDoubles()[5], 1e-3);
        }
    }

    private static double[] celsius(Path map) {
        try (NetcdfFile file = NetcdfFile.open(map)) {
            double offset = file.variable("sst").text("units").orElseThrow().equals("K") ? 273.15 : 0;
            return Arrays.stream(file.variable("sst").readDoubles()).map(v -> v - offset).sorted().toArray();
        }
    }
}
