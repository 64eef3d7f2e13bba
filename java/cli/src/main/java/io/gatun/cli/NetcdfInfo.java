// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.DataException;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.netcdf.TimeAxis;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What is in a NetCDF file, in short. */
final class NetcdfInfo {
    private NetcdfInfo() {}

    static void print(Path path, PrintWriter out) {
        try (NetcdfFile file = NetcdfFile.open(path)) {
            out.println("file: " + path);
            out.println("format: " + file.format());
            for (String name : new String[] {"title", "source", "history"}) {
                if (file.attributes().containsKey(name)) {
                    out.println(name + ": " + file.attributes().get(name));
                }
            }
            out.println("dimensions: " + file.dimensions().stream().map(d -> d.name() + " " + d.length())
                    .collect(Collectors.joining(", ")));
            out.println("variables:");
            file.variables().forEach(variable -> out.println("  " + describe(variable)));
            if (file.hasVariable("time")) {
                out.println("time: " + period(file));
            }
        }
    }

    private static String describe(GridVariable variable) {
        String details = Stream.of(variable.text("long_name"), variable.text("standard_name"))
                .flatMap(text -> text.stream()).findFirst().map(text -> ": " + text).orElse("");
        return variable.type().cdlName() + " " + variable.name() + "(" + String.join(", ", variable.dimensions()) + ")"
                + details + variable.text("units").map(units -> " [" + units + "]").orElse("");
    }

    private static String period(NetcdfFile file) {
        try {
            TimeAxis time = TimeAxis.read(file, "time");
            return time.size() == 0 ? "no steps"
                    : time.size() + " steps from " + time.calendarDate(0) + " to "
                            + time.calendarDate(time.size() - 1);
        } catch (DataException e) {
            // A time that cannot be read is something to know about a file.
            return "not readable: " + e.getMessage();
        }
    }
}
