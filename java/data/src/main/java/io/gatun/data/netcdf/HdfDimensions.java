// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The dimensions of a NetCDF-4 file. A dimension is an HDF5 dimension scale (attribute {@code CLASS}); a variable
 * refers to its scales by {@code DIMENSION_LIST}, a multi-dimensional coordinate variable by numbers. Axes without a
 * scale get a name {@code phony_dim_N} per length, as the NetCDF library gives them.
 */
final class HdfDimensions {
    private static final String BARE = "This is a netCDF dimension but not a netCDF variable";

    private final Map<Long, NetcdfDimension> byAddress = new LinkedHashMap<>();
    private final Map<Long, NetcdfDimension> byNumber = new HashMap<>();
    private final Map<Long, NetcdfDimension> phony = new LinkedHashMap<>();

    HdfDimensions(Map<String, Dataset> datasets) {
        datasets.forEach((path, dataset) -> {
            long[] extents = dataset.getDimensionsAsLong();
            if (isScale(dataset) && extents.length > 0) {
                var dimension = new NetcdfDimension(path, extents[0], dataset.getMaxSize()[0] < 0);
                byAddress.put(dataset.getAddress(), dimension);
                data(dataset, "_Netcdf4Dimid", Number.class)
                        .ifPresent(number -> byNumber.put(number.longValue(), dimension));
            }
        });
    }

    /** All dimensions, once every variable has been named. */
    List<NetcdfDimension> all() {
        List<NetcdfDimension> all = new ArrayList<>(byAddress.values());
        all.addAll(phony.values());
        return all;
    }

    /** Whether a scale stands for a dimension only, not for a coordinate variable as well. */
    boolean isBareDimension(Dataset dataset) {
        return isScale(dataset) && data(dataset, "NAME", String.class).filter(n -> n.startsWith(BARE)).isPresent();
    }

    /** One name per axis. */
    List<String> names(Dataset dataset) {
        long[] extents = dataset.getDimensionsAsLong();
        Optional<Object[]> scales = data(dataset, "DIMENSION_LIST", Object[].class);
        Optional<int[]> numbers = data(dataset, "_Netcdf4Coordinates", int[].class);
        boolean isCoordinate = isScale(dataset) && extents.length == 1;
        List<String> names = new ArrayList<>();
        for (int axis = 0; axis < extents.length; axis++) {
            NetcdfDimension found = null;
            if (isCoordinate) {
                found = byAddress.get(dataset.getAddress());
            } else if (scales.isPresent() && axis < scales.get().length
                    && scales.get()[axis] instanceof long[] references && references.length > 0) {
                found = byAddress.get(references[0]);
            } else if (numbers.isPresent() && axis < numbers.get().length) {
                found = byNumber.get((long) numbers.get()[axis]);
            }
            names.add(found == null ? phonyName(extents[axis]) : found.name());
            if (found != null && found.unlimited()) {
                grow(found.name(), extents[axis]);
            }
        }
        return names;
    }

    /** The scale of an unlimited dimension may lag behind: the dimension is as long as its longest variable. */
    private void grow(String name, long length) {
        byAddress.replaceAll((_, known) -> known.name().equals(name) && known.length() < length
                ? new NetcdfDimension(name, length, true) : known);
    }

    private String phonyName(long length) {
        return phony.computeIfAbsent(length,
                extent -> new NetcdfDimension("phony_dim_" + phony.size(), extent, false)).name();
    }

    private static boolean isScale(Dataset dataset) {
        return data(dataset, "CLASS", String.class).filter("DIMENSION_SCALE"::equals).isPresent();
    }

    private static <T> Optional<T> data(Dataset dataset, String name, Class<T> type) {
        Attribute attribute = dataset.getAttributes().get(name);
        return attribute == null || attribute.isEmpty()
                ? Optional.empty() : Optional.of(attribute.getData()).filter(type::isInstance).map(type::cast);
    }
}
