// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.DataException;
import io.gatun.data.crs.Crs;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where the pixels of a NetCDF variable lie, from its last two coordinates and its grid mapping. */
record NetcdfFrame(Crs crs, GeoTransform transform) {
    private static final double REGULAR = 0.01;
    /** The code of the whole system comes last in well-known text, before the closing brackets. */
    private static final Pattern WKT_CODE =
            Pattern.compile("(?:AUTHORITY|ID)\\[\"EPSG\",\"?(\\d{1,6})\"?\\]\\s*\\]\\s*$");
    private static final List<String> CODES = List.of("epsg_code", "spatial_epsg", "epsg");
    private static final List<String> WKTS = List.of("crs_wkt", "spatial_ref");

    /** Whether the last two dimensions have coordinate variables. */
    static boolean isPlane(NetcdfFile file, GridVariable variable) {
        return axes(variable).stream().allMatch(
                name -> file.hasVariable(name) && file.variable(name).shape().rank() == 1);
    }

    static NetcdfFrame of(NetcdfFile file, GridVariable image) {
        List<String> axes = axes(image);
        GridVariable y = file.variable(axes.getFirst());
        GridVariable x = file.variable(axes.getLast());
        double[] rows = ends(y);
        double[] columns = ends(x);
        return new NetcdfFrame(crs(file, image, x), new GeoTransform(columns[0] - columns[1] / 2, columns[1], 0,
                rows[0] - rows[1] / 2, 0, rows[1]));
    }

    private static List<String> axes(GridVariable variable) {
        List<String> all = variable.dimensions();
        return all.subList(all.size() - 2, all.size());
    }

    /** First value and step. */
    private static double[] ends(GridVariable coordinate) {
        double[] values = coordinate.readDoubles();
        double step = values.length < 2 ? Double.NaN : (values[values.length - 1] - values[0]) / (values.length - 1);
        for (int i = 0; i < values.length; i++) {
            if (!(Math.abs(values[i] - values[0] - i * step) <= REGULAR * Math.abs(step))) {
                throw new DataException(coordinate + " has " + values.length
                        + " values that are not evenly spaced (value " + i + " is " + values[i]
                        + "), expected two or more with one step. Regrid the file.");
            }
        }
        return new double[] {values[0], step};
    }

    private static Crs crs(NetcdfFile file, GridVariable image, GridVariable x) {
        Optional<GridVariable> mapping = image.text("grid_mapping").filter(file::hasVariable).map(file::variable);
        Optional<Integer> code = mapping.flatMap(NetcdfFrame::code);
        if (code.isEmpty() && x.text("units").orElse("").startsWith("degree")) {
            return Crs.GEOGRAPHIC;
        }
        try {
            return new Crs(code.orElseThrow(() -> new DataException("does not name its reference system, expected"
                    + " coordinates in degrees, or a grid mapping with epsg_code or with crs_wkt that ends in an EPSG"
                    + " code. Add it.")));
        } catch (DataException e) {
            throw new DataException(image + ": " + e.getMessage(), e);
        }
    }

    private static Optional<Integer> code(GridVariable mapping) {
        for (String name : CODES) {
            if (mapping.attributes().get(name) instanceof AttributeValue.Numbers numbers) {
                return Optional.of((int) numbers.toDoubles()[0]);
            }
            Optional<String> text = mapping.text(name).map(t -> t.strip().replaceFirst("(?i)^EPSG:", ""));
            if (text.isPresent() && text.get().matches("\\d{1,6}")) {
                return text.map(Integer::parseInt);
            }
        }
        for (String name : WKTS) {
            Matcher code = WKT_CODE.matcher(mapping.text(name).orElse(""));
            if (code.find()) {
                return Optional.of(Integer.parseInt(code.group(1)));
            }
        }
        return Optional.empty();
    }
}
