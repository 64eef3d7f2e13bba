// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.CalendarDate;
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

/** The CF-1.8 file of a run's monthly maps, written row by row as they come. */
final class MonthlyFile implements MonthlyRows, AutoCloseable {
    /** Name of the variable of observed days. */
    static final String DAYS = "observed_days";

    /** Variables that every output has. */
    static final List<String> OWN_NAMES = List.of("time", "time_bnds", "lat", "lon", "land_mask", DAYS);

    private static final float FILL = 9.96921e36f; // NC_FILL_FLOAT
    private static final List<String> MAP = List.of("time", "lat", "lon");

    private final NetcdfWriter file;
    private final MonthlyLayout layout;
    private final NetcdfWriter.Variable value;
    private final NetcdfWriter.Variable mean;
    private final NetcdfWriter.Variable days;

    private MonthlyFile(NetcdfWriter file, MonthlyLayout layout) {
        this.file = file;
        this.layout = layout;
        file.dimension("time", layout.months().size());
        file.dimension("lat", layout.grid().height());
        file.dimension("lon", layout.grid().width());
        file.dimension("bnds", 2);
        globalAttributes();
        NetcdfWriter.Variable time = file.variable("time", NetcdfType.DOUBLE, List.of("time"), attributes(
                "standard_name", "time", "long_name", "first day of the month", "units",
                "days since 1970-01-01 00:00:00", "calendar", layout.calendar().cfName(), "axis", "T", "bounds",
                "time_bnds"));
        NetcdfWriter.Variable bounds = file.variable("time_bnds", NetcdfType.DOUBLE, List.of("time", "bnds"), Map.of());
        NetcdfWriter.Variable lat = file.variable("lat", NetcdfType.DOUBLE, List.of("lat"), attributes(
                "standard_name", "latitude", "units", "degrees_north", "axis", "Y"));
        NetcdfWriter.Variable lon = file.variable("lon", NetcdfType.DOUBLE, List.of("lon"), attributes(
                "standard_name", "longitude", "units", "degrees_east", "axis", "X"));
        NetcdfWriter.Variable land = file.variable("land_mask", NetcdfType.BYTE, List.of("lat", "lon"), flags());
        value = file.variable(layout.variable(), NetcdfType.FLOAT, MAP,
                mapAttributes("monthly mean of " + layout.longName() + ", reconstructed"));
        mean = file.variable(meanName(layout), NetcdfType.FLOAT, MAP,
                mapAttributes("mean of the month's observations of " + layout.longName()
                        + "; cells without any filled by inverse distance"));
        days = file.variable(DAYS, NetcdfType.INT, MAP,
                attributes("long_name", "number of days with an observation", "units", "1"));

        for (YearMonth month : layout.months()) {
            double start = firstDay(month);
            time.write(new double[] {start});
            bounds.write(new double[] {start, firstDay(month.plusMonths(1))});
        }
        lat.write(layout.grid().lat());
        lon.write(layout.grid().lon());
        land.write(bytes(layout.land()));
    }

    /** Starts the file beside its target; it takes its place on {@link #commit()}. */
    static MonthlyFile create(Path target, MonthlyLayout layout) {
        NetcdfWriter writer = NetcdfWriter.create(target);
        try {
            return new MonthlyFile(writer, layout);
        } catch (RuntimeException | Error e) {
            writer.close();
            throw e;
        }
    }

    static String meanName(MonthlyLayout layout) {
        return layout.variable() + "_mean_of_observations";
    }

    private double firstDay(YearMonth month) {
        return layout.calendar().epochDay(new CalendarDate(month.getYear(), month.getMonthValue(), 1));
    }

    @Override
    public void rows(int month, int firstRow, float[] reconstruction, float[] meanOfObservations, int[] observedDays) {
        long at = ((long) month * layout.grid().height() + firstRow) * layout.grid().width();
        value.write(at, filled(reconstruction));
        mean.write(at, filled(meanOfObservations));
        days.write(at, observedDays);
    }

    void commit() {
        file.commit();
    }

    @Override
    public void close() {
        file.close();
    }

    private void globalAttributes() {
        String version = version();
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        attributes("Conventions", "CF-1.8", "title", "Monthly means reconstructed from gappy daily fields",
                "source", "ClimaNet SpatioTemporalModel, run by Gatun " + version,
                "history", now + " gatun " + version + " reconstruct: checkpoint " + layout.checkpoint() + " (sha256 "
                        + layout.digest() + "), window " + layout.window() + ", precision " + layout.precision(),
                "gatun_checkpoint_sha256", layout.digest(), "gatun_window", layout.window(),
                "gatun_precision", layout.precision()).forEach(file::attribute);
    }

    /** Of the module; code on the class path has none. */
    private static String version() {
        return Optional.ofNullable(MonthlyFile.class.getModule().getDescriptor())
                .flatMap(ModuleDescriptor::rawVersion).orElse("development");
    }

    private Map<String, AttributeValue> mapAttributes(String longName) {
        Map<String, AttributeValue> result = new LinkedHashMap<>();
        if (!layout.standardName().isEmpty()) {
            result.put("standard_name", AttributeValue.of(layout.standardName()));
        }
        result.put("long_name", AttributeValue.of(longName));
        result.put("units", AttributeValue.of(layout.units()));
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
        float[] result = values.clone();
        for (int i = 0; i < result.length; i++) {
            result[i] = Float.isNaN(result[i]) ? FILL : result[i];
        }
        return result;
    }
}
