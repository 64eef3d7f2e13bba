// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.Device;
import io.gatun.core.TensorData;
import io.gatun.data.GoldenFolder;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import io.gatun.data.safetensors.SafetensorsFile;
import io.gatun.data.window.WindowAxis;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.YearMonth;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The reference checkpoint, from NetCDF files to monthly means, against the upstream program's results and the scores
 * it was published with. Needs ../shared.
 */
class ReferenceCheckpointGoldenTest {
    private Path models;
    private Path data;

    @BeforeEach
    void findFiles() {
        Optional<Path> foundModels = GoldenFolder.shared("models");
        Optional<Path> foundData = GoldenFolder.shared("data");
        assumeTrue(foundModels.isPresent() && foundData.isPresent(), "../shared/models or ../shared/data is absent");
        models = foundModels.get().resolve("climanet_sst");
        data = foundData.get().resolve("tasman_sst/test");
    }

    private MonthlyMaps run(Device device, Path checkpoint, int... years) {
        List<Path> files = java.util.Arrays.stream(years)
                .mapToObj(year -> data.resolve("tasman_daily_gappy_" + year + ".nc")).toList();
        try (DailyFiles input = DailyFiles.open(files, DailyFiles.Options.none());
                MonthlyReconstruction reconstruction = MonthlyReconstruction.open(checkpoint, device)) {
            return reconstruction.reconstruct(input, ProgressListener.none());
        }
    }

    @Test
    void wholeYearMatchesUpstream() {
        MonthlyMaps maps = run(Device.cpu(), models.resolve("model.safetensors"), 2014);
        assertEquals(12, maps.months().size());
        compare(SafetensorsFile.read(models.resolve("golden.safetensors")), maps, 12);
    }

    @Test
    void twoMonthsFromAClassicFileMatchUpstream(@TempDir Path folder) {
        Path twoMonths = folder.resolve("two_months.nc");
        copyFirstDays(data.resolve("tasman_daily_gappy_2014.nc"), 59, twoMonths);
        try (DailyFiles input = DailyFiles.open(List.of(twoMonths), DailyFiles.Options.none());
                MonthlyReconstruction reconstruction =
                        MonthlyReconstruction.open(models.resolve("model.safetensors"), Device.cpu())) {
            MonthlyMaps maps = reconstruction.reconstruct(input, ProgressListener.none());
            assertEquals(List.of(YearMonth.of(2014, 1), YearMonth.of(2014, 2)), maps.months());
            compare(SafetensorsFile.read(models.resolve("golden_two_months.safetensors")), maps, 2);
        }
    }

    /** The packed numbers as they are, with the attributes that unpack them. */
    private static void copyFirstDays(Path source, int days, Path target) {
        try (NetcdfFile from = NetcdfFile.open(source); NetcdfWriter to = NetcdfWriter.create(target)) {
            GridVariable sst = from.variable("sst");
            to.dimension("time", days);
            to.dimension("lat", sst.shape().dim(1));
            to.dimension("lon", sst.shape().dim(2));
            List<NetcdfWriter.Variable> axes = List.of("time", "lat", "lon").stream().map(name -> to.variable(name,
                    NetcdfType.DOUBLE, List.of(name), texts(from.variable(name)))).toList();
            NetcdfWriter.Variable values =
                    to.variable("sst", NetcdfType.SHORT, List.of("time", "lat", "lon"), packed(sst));
            NetcdfWriter.Variable land = to.variable("land_mask", NetcdfType.DOUBLE, List.of("lat", "lon"), Map.of());
            axes.get(0).write(from.variable("time").readDoubles(0, days));
            axes.get(1).write(from.variable("lat").readDoubles());
            axes.get(2).write(from.variable("lon").readDoubles());
            values.write(sst.readPackedShorts(0, days));
            land.write(from.variable("land_mask").readDoubles());
            to.commit();
        }
    }

    private static Map<String, AttributeValue> texts(GridVariable variable) {
        return Map.of("units", AttributeValue.of(variable.text("units").orElseThrow()));
    }

    private static Map<String, AttributeValue> packed(GridVariable variable) {
        Map<String, AttributeValue> result = new LinkedHashMap<>(texts(variable));
        for (String name : List.of("standard_name", "scale_factor", "add_offset", "_FillValue")) {
            result.put(name, variable.attributes().get(name));
        }
        return result;
    }

    @Test
    void pytorchFileGivesTheSameMaps() {
        MonthlyMaps maps = run(Device.cpu(), models.resolve("model.pth"), 2014);
        MonthlyMaps same = run(Device.cpu(), models.resolve("model.safetensors"), 2014);
        for (int month = 0; month < 12; month++) {
            assertArrayEquals(same.reconstruction(month), maps.reconstruction(month));
        }
    }

    private static void compare(Checkpoint golden, MonthlyMaps maps, int months) {
        int cells = maps.grid().cells();
        for (int month = 0; month < months; month++) {
            float[] reconstruction = maps.reconstruction(month);
            float[] baseline = maps.meanOfObservations(month);
            for (int cell = 0; cell < cells; cell++) {
                if (maps.land()[cell]) {
                    assertTrue(Float.isNaN(reconstruction[cell]) && Float.isNaN(baseline[cell]));
                    continue;
                }
                String where = maps.months().get(month) + ", cell " + cell;
                int at = month * cells + cell;
                assertEquals(value(golden, "expected/baseline_degC", at), baseline[cell], 1e-4, where);
                assertEquals(value(golden, "expected/monthly_degC", at), reconstruction[cell], 1e-4, where);
            }
        }
    }

    private static float value(Checkpoint golden, String name, int index) {
        TensorData tensor = golden.tensors().get(name);
        return tensor.bytes().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index);
    }

    @Test
    void testYearsScoreAsPublished() {
        MonthlyMaps maps = run(Device.cpu(), models.resolve("model.safetensors"), 2014, 2015);
        List<Path> truthFiles = List.of(data.resolve("tasman_monthly_truth_2014.nc"),
                data.resolve("tasman_monthly_truth_2015.nc"));
        Scores scores = Scores.of(maps, Scores.Truth.read(truthFiles, maps));
        assertEquals(22584, scores.reconstruction().cells());
        assertEquals(1511, scores.reconstructionUnobserved().cells());
        assertEquals(0.28003, scores.reconstruction().rmse(), 5e-4);
        assertEquals(0.16072, scores.reconstruction().mae(), 5e-4);
        assertEquals(0.65808, scores.reconstructionUnobserved().rmse(), 5e-4);
        assertEquals(0.50807, scores.reconstructionUnobserved().mae(), 5e-4);
        assertEquals(0.36122, scores.meanOfObservations().rmse(), 5e-4);
        assertEquals(0.19476, scores.meanOfObservations().mae(), 5e-4);
        assertEquals(0.95348, scores.meanOfObservationsUnobserved().rmse(), 5e-4);
        assertEquals(0.69756, scores.meanOfObservationsUnobserved().mae(), 5e-4);
    }

    @Test
    void threadsDoNotChangeABit() {
        float[] once = null;
        for (int threads : new int[] {1, 2, 5}) {
            try (Device device = Device.cpu(new CpuOptions(threads, CpuLevel.AUTO, 0))) {
                float[] december = run(device, models.resolve("model.safetensors"), 2014).reconstruction(11);
                once = once == null ? december : once;
                assertArrayEquals(once, december, threads + " threads");
            }
        }
    }

    @Test
    void everyCpuLevelMatchesUpstream() {
        Checkpoint golden = SafetensorsFile.read(models.resolve("golden.safetensors"));
        CpuLevel best = Device.cpu().info().cpuLevel();
        for (CpuLevel level : CpuLevel.values()) {
            if (level != CpuLevel.AUTO && level.compareTo(best) <= 0) {
                try (Device device = Device.cpu(new CpuOptions(0, level, 0))) {
                    compare(golden, run(device, models.resolve("model.safetensors"), 2014), 12);
                }
            }
        }
    }

    @Test
    void seamsDoNotShowOnSmoothFields(@TempDir Path folder) {
        double blended = seams(folder, RunOptions.defaults());
        double hard = seams(folder, RunOptions.defaults().withOverlap(0));
        System.out.printf("reference checkpoint: jump across window borders over the jump elsewhere %.4f, without"
                + " overlap %.4f%n", blended, hard);
        assertTrue(blended <= 1.05, "ratio " + blended);
        assertTrue(hard > 1.1, "the measure must see a seam, ratio " + hard);
    }

    private double seams(Path folder, RunOptions options) {
        GridFixture ramp = GridFixture.of(GridFixture.axis(-44.875, 0.25, 80), GridFixture.axis(147.125, 0.25, 128))
                .withField((_, y, x) -> 9 + 0.3 * (y + 45) + 0.25 * (x - 147));
        try (DailyFiles input = DailyFiles.open(
                        List.of(ramp.write(folder.resolve("ramp.nc"))), DailyFiles.Options.none());
                MonthlyReconstruction reconstruction =
                        MonthlyReconstruction.open(models.resolve("model.safetensors"), Device.cpu())) {
            MonthlyMaps maps = reconstruction.reconstruct(input, options, ProgressListener.none());
            int overlap = options.overlap().orElse(16);
            return Seams.ratio(maps, new WindowAxis(80, 32, overlap, false), new WindowAxis(128, 32, overlap, false));
        }
    }

    /** Ten days of one satellite, 201 x 301 cells: far from the training, so only the job is tested, not the values. */
    @Test
    void realGapsOnALargeGridGoThrough(@TempDir Path folder) {
        Path target = folder.resolve("alboran.nc");
        List<Path> files = List.of(GoldenFolder.shared("data").orElseThrow()
                .resolve("samples/alboran_l3_real_gaps_10days.nc"));
        try (DailyFiles input = DailyFiles.open(files, DailyFiles.Options.none());
                MonthlyReconstruction reconstruction =
                        MonthlyReconstruction.open(models.resolve("model.safetensors"), Device.cpu())) {
            MonthlyMaps maps = reconstruction.reconstructTo(
                    input, RunOptions.defaults(), target, ProgressListener.none());
            assertEquals(201 * 301, maps.grid().cells());
            assertEquals(List.of(YearMonth.of(2017, 5)), maps.months());
            assertEquals("32 x 32, 12 x 18 of them", maps.layout().window());
            assertArrayEquals(input.landMask().orElseThrow(), maps.land());
            assertEquals(1, maps.notes().size(), maps.notes().toString());
            for (String part : List.of("outside of what the checkpoint was trained for", "latitude is 34.01 to 38.01",
                    "in training -44.88 to -37.13", "longitude is -5.990 to 0.009995",
                    "a cell has 0.02000 degrees, in training 0.2500")) {
                assertTrue(maps.notes().get(0).contains(part), part + " is not in " + maps.notes());
            }
            float[] map = maps.reconstruction(0);
            float[] mean = maps.meanOfObservations(0);
            for (int cell = 0; cell < map.length; cell++) {
                assertEquals(maps.land()[cell], Float.isNaN(map[cell]), "cell " + cell);
                assertTrue(maps.land()[cell] || map[cell] > 10 && map[cell] < 30, "cell " + cell + ": " + map[cell]);
                assertTrue(maps.land()[cell] || Math.abs(map[cell] - mean[cell]) < 5,
                        "cell " + cell + ": " + map[cell] + ", mean " + mean[cell]);
            }
        }
    }

    /** What the rule for large grids changes on a grid small enough for the exact one. */
    @Test
    void theNearestRuleIsCloseToTheExactRule() {
        try (DailyFiles input = DailyFiles.open(List.of(data.resolve("tasman_daily_gappy_2014.nc")),
                DailyFiles.Options.none())) {
            boolean[] land = input.landMask().orElseThrow();
            int size = input.grid().height();
            BaselineFill exact = new BaselineFill(size, size, false, 4, true);
            BaselineFill nearest = new BaselineFill(size, size, false, 4, false);
            double largest = 0;
            double squares = 0;
            int filled = 0;
            try (MonthlyMeans means = MonthlyMeans.compute(
                    new ModelOrder(input), input.months(), ProgressListener.none())) {
                for (int month = 0; month < 12; month++) {
                    int[] days = means.days(month, 0, size);
                    double[] byAll = means.means(month, 0, size);
                    double[] byNearest = byAll.clone();
                    exact.fill(byAll, days, land, 0, size);
                    nearest.fill(byNearest, days, land, 0, size);
                    for (int cell = 0; cell < days.length; cell++) {
                        if (days[cell] == 0 && !land[cell]) {
                            double apart = Math.abs(byAll[cell] - byNearest[cell]);
                            largest = Math.max(largest, apart);
                            squares += apart * apart;
                            filled++;
                        }
                    }
                }
            }
            double rms = Math.sqrt(squares / filled);
            System.out.printf("baseline of %d unobserved cells and months, nearest 64 against all observed: largest"
                    + " difference %.4f degrees, root mean square %.4f%n", filled, largest, rms);
            assertTrue(filled > 400 && rms > 0, filled + " cells");
            assertTrue(largest < 0.5 && rms < 0.1, "largest " + largest + ", rms " + rms);
        }
    }

    @Test
    void monthsAreNamed() {
        MonthlyMaps maps = run(Device.cpu(), models.resolve("model.safetensors"), 2015);
        assertEquals(YearMonth.of(2015, 1), maps.months().get(0));
        assertEquals(YearMonth.of(2015, 12), maps.months().get(11));
    }
}
