// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Path;
import java.time.Instant;
import java.time.YearMonth;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The CF-1.8 file of a run's monthly maps. */
final class MonthlyFile {
    private static final float FILL = 9.96921e36f; // NC_FILL_FLOAT
    private static final List<String> MAP = List.of("time", "lat", "lon");

    private MonthlyFile() {}

    static void write(MonthlyMaps maps, Path target) {
        Grid grid = maps.grid();
        List<YearMonth> months = maps.months();
        MonthlyMaps.Provenance provenance = maps.provenance();
        String meanName = provenance.variable() + "_mean_of_observations";
        try (NetcdfWriter file = NetcdfWriter.create(target)) {
            file.dimension("time", months.size());
            file.dimension("lat", grid.height());
            file.dimension("lon", grid.width());
            file.dimension("bnds", 2);
            globalAttributes(file, provenance);
            NetcdfWriter.Variable time = file.variable("time", NetcdfType.DOUBLE, List.of("time"), attributes(
                    "standard_name", "time", "long_name", "first day of the month", "units",
                    "days since 1970-01-01 00:00:00", "calendar", "standard", "axis", "T", "bounds", "time_bnds"));
            NetcdfWriter.Variable bounds =
                    file.variable("time_bnds", NetcdfType.DOUBLE, List.of("time", "bnds"), Map.of());
            NetcdfWriter.Variable lat = file.variable("lat", NetcdfType.DOUBLE, List.of("lat"), attributes(
                    "standard_name", "latitude", "units", "degrees_north", "axis", "Y"));
            NetcdfWriter.Variable lon = file.variable("lon", NetcdfType.DOUBLE, List.of("lon"), attributes(
                    "standard_name", "longitude", "units", "degrees_east", "axis", "X"));
            NetcdfWriter.Variable land = file.variable("land_mask", NetcdfType.BYTE, List.of("lat", "lon"), flags());
            NetcdfWriter.Variable value = file.variable(provenance.variable(), NetcdfType.FLOAT, MAP,
                    mapAttributes(provenance, "monthly mean of " + provenance.longName() + ", reconstructed"));
            NetcdfWriter.Variable mean = file.variable(meanName, NetcdfType.FLOAT, MAP,
                    mapAttributes(provenance, "mean of the month's observations of " + provenance.longName()
                            + "; cells without any filled by inverse distance"));
            NetcdfWriter.Variable days = file.variable("observed_days", NetcdfType.INT, MAP,
                    attributes("long_name", "number of days with an observation", "units", "1"));

            for (YearMonth month : months) {
                time.write(new double[] {month.atDay(1).toEpochDay()});
                bounds.write(new double[] {month.atDay(1).toEpochDay(), month.plusMonths(1).atDay(1).toEpochDay()});
            }
            lat.write(grid.lat());
            lon.write(grid.lon());
            land.write(bytes(maps.land()));
            for (int month = 0; month < months.size(); month++) {
                value.write(filled(maps.reconstruction(month)));
                mean.write(filled(maps.meanOfObservations(month)));
                days.write(maps.observedDays(month));
            }
            file.commit();
        }
    }

    private static void globalAttributes(NetcdfWriter file, MonthlyMaps.Provenance provenance) {
        String version = version();
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        attributes("Conventions", "CF-1.8", "title", "Monthly means reconstructed from gappy daily fields",
                "source", "ClimaNet SpatioTemporalModel, run by Gatun " + version,
                "history", now + " gatun " + version + " reconstruct: checkpoint " + provenance.checkpoint()
                        + " (sha256 " + provenance.digest() + "), window " + provenance.window() + ", precision "
                        + provenance.precision(),
                "gatun_checkpoint_sha256", provenance.digest(), "gatun_window", provenance.window(),
                "gatun_precision", provenance.precision()).forEach(file::attribute);
    }

    /** Of the module; code on the class path has none. */
    private static String version() {
        return Optional.ofNullable(MonthlyFile.class.getModule().getDescriptor())
                .flatMap(ModuleDescriptor::rawVersion).orElse("development");
    }

    private static Map<String, AttributeValue> mapAttributes(MonthlyMaps.Provenance provenance, String longName) {
        Map<String, AttributeValue> result = new LinkedHashMap<>();
        if (!provenance.standardName().isEmpty()) {
            result.put("standard_name", AttributeValue.of(provenance.standardName()));
        }
        result.put("long_name", AttributeValue.of(longName));
        result.put("units", AttributeValue.of(provenance.units()));
        result.put("cell_methods", AttributeValue.of("time: mean"));
        result.put("_FillValue", AttributeValue.of(FILL));
        return result;
    }

    private static Map<String, AttributeValue> flags() {
        Map<String, AttributeValue> result = attributes("standard_name", "land_binary_mask", "long_name", "land",
                "units", "1", "flag_meanings", "sea land");
        result.put("flag_values", AttributeValue.of(NetcdfType.BYTE, 0, 1));
        return result;
    }

    private static Map<String, AttributeValue> attributes(String... namesAndValues) {
        Map<String, AttributeValue> result = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            result.put(namesAndValues[i], AttributeValue.of(namesAndValues[i + 1]));
        }
        return result;
    }

    private static byte[] bytes(boolean[] flags) {
        byte[] result = new byte[flags.length];
        for (int i = 0; i < flags.length; i++) {
            result[i] = (byte) (flags[i] ? 1 : 0);
        }
        return result;
    }

    private static float[] filled(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.isNaN(values[i]) ? FILL : values[i];
        }
        return values;
    }
}
