// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Daily files on the sample's grid, made for a test: every sea cell of every day has one value. */
record DailySample(LocalDate from, int days, float value) {
    static DailySample oneDay(String date) {
        return new DailySample(LocalDate.parse(date), 1, 15);
    }

    void write(Path target) {
        try (NetcdfFile like = NetcdfFile.open(CommandRun.DAILY); NetcdfWriter file = NetcdfWriter.create(target)) {
            int height = Math.toIntExact(like.variable("lat").steps());
            int width = Math.toIntExact(like.variable("lon").steps());
            file.dimension("time", days);
            file.dimension("lat", height);
            file.dimension("lon", width);
            var time = file.variable("time", NetcdfType.INT, List.of("time"),
                    Map.of("units", AttributeValue.of("days since 1970-01-01")));
            var lat = file.variable("lat", NetcdfType.DOUBLE, List.of("lat"), Map.of());
            var lon = file.variable("lon", NetcdfType.DOUBLE, List.of("lon"), Map.of());
            var land = file.variable("land_mask", NetcdfType.DOUBLE, List.of("lat", "lon"), Map.of());
            var sst = file.variable("sst", NetcdfType.FLOAT, List.of("time", "lat", "lon"),
                    Map.of("standard_name", AttributeValue.of("sea_surface_temperature"), "units",
                            AttributeValue.of("degree_Celsius"), "_FillValue", AttributeValue.of(-99f)));
            for (int day = 0; day < days; day++) {
                time.write(new int[] {Math.toIntExact(from.plusDays(day).toEpochDay())});
            }
            lat.write(like.variable("lat").readDoubles());
            lon.write(like.variable("lon").readDoubles());
            land.write(like.variable("land_mask").readDoubles());
            float[] map = new float[height * width];
            Arrays.fill(map, value);
            for (int day = 0; day < days; day++) {
                sst.write(map);
            }
            file.commit();
        }
    }
}
