// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.Shape;
import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import io.jhdf.object.datatype.DataType;
import io.jhdf.object.datatype.EnumDataType;
import io.jhdf.object.datatype.FixedPoint;
import io.jhdf.object.datatype.FloatingPoint;
import io.jhdf.object.datatype.OrderedDataType;
import io.jhdf.object.datatype.StringData;
import java.io.IOException;
import java.lang.reflect.Array;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Reads the structure of a NetCDF-4 file through the HDF5 library, which stays invisible outside this package. */
final class HdfReader {
    /** Attributes that carry the NetCDF-4 structure itself. */
    private static final Set<String> HIDDEN = Set.of("CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST",
            "_Netcdf4Dimid", "_Netcdf4Coordinates", "_nc3_strict", "_NCProperties");
    /** Groups nest a few levels deep; a damaged file can make a group its own child. */
    private static final int MAX_DEPTH = 16;
    private static final String NON_COORDINATE = "_nc4_non_coord_";

    private final FileChannel channel;
    private final HdfFile hdf;
    private final Map<String, Dataset> datasets = new LinkedHashMap<>();
    private final Map<String, String> unsupported = new TreeMap<>();

    private HdfReader(FileChannel channel, HdfFile hdf) {
        this.channel = channel;
        this.hdf = hdf;
    }

    static Container read(Path path, FileChannel channel) throws IOException {
        HdfFile hdf = new HdfFile(channel);
        long expected = hdf.getHdfBackingStorage().getSuperblock().getEndOfFileAddress() - hdf.getUserBlockSize();
        if (channel.size() - hdf.getUserBlockSize() < expected) {
            throw new IOException("it has " + channel.size() + " bytes, its header says "
                    + (expected + hdf.getUserBlockSize()));
        }
        return new HdfReader(channel, hdf).read();
    }

    private Container read() {
        collect(hdf, "", 0);
        HdfDimensions dimensions = new HdfDimensions(datasets);
        List<StoredVariable> variables = new ArrayList<>();
        datasets.forEach((path, dataset) -> {
            if (!dimensions.isBareDimension(dataset)) {
                describe(path.replace(NON_COORDINATE, ""), dataset, dimensions).ifPresent(variables::add);
            }
        });
        return new Container("NetCDF-4 (HDF5)", dimensions.all(), attributes(hdf), variables, unsupported);
    }

    private void collect(Group group, String prefix, int depth) {
        for (Node node : group) {
            // NetCDF-4 uses no links; one could lead to another file.
            if (node.isLink()) {
                continue;
            }
            if (node instanceof Dataset dataset) {
                datasets.put(prefix + node.getName(), dataset);
            } else if (node instanceof Group child && depth < MAX_DEPTH) {
                collect(child, prefix + node.getName() + "/", depth + 1);
            }
        }
    }

    private Optional<StoredVariable> describe(String name, Dataset dataset, HdfDimensions dimensions) {
        Optional<NetcdfType> type = type(dataset.getDataType());
        long[] extents = dataset.getDimensionsAsLong();
        if (type.isEmpty() || extents.length > Shape.MAX_RANK) {
            unsupported.put(name, "it has the HDF5 type " + dataset.getDataType().getClass().getSimpleName() + " ("
                    + dataset.getDataType().getSize() + " bytes) and " + extents.length
                    + " dimensions; integers, floats and doubles of up to " + Shape.MAX_RANK
                    + " dimensions are supported. Convert it first.");
            return Optional.empty();
        }
        return Optional.of(new StoredVariable(name, type.get(), dimensions.names(dataset), Shape.of(extents),
                attributes(dataset), new HdfData(channel, hdf.getUserBlockSize(), dataset,
                        type.get(), order(dataset.getDataType()))));
    }

    private static Map<String, AttributeValue> attributes(Node node) {
        Map<String, AttributeValue> values = new LinkedHashMap<>();
        node.getAttributes().forEach((name, attribute) -> {
            if (!HIDDEN.contains(name)) {
                value(attribute).ifPresent(value -> values.put(name, value));
            }
        });
        return values;
    }

    /** The value of an attribute; empty for types that NetCDF attributes rarely have, such as compounds. */
    private static Optional<AttributeValue> value(Attribute attribute) {
        Object data = attribute.isEmpty() ? "" : attribute.getData();
        return switch (data) {
            case String text -> Optional.of(new AttributeValue.Text(text));
            case String[] texts -> Optional.of(new AttributeValue.Text(String.join("\n", texts)));
            case Object other -> type(attribute.getDataType()).filter(NetcdfType::isNumeric)
                    .map(type -> new AttributeValue.Numbers(type, numbers(type, other)));
        };
    }

    private static List<Number> numbers(NetcdfType type, Object data) {
        List<Number> numbers = new ArrayList<>();
        if (data instanceof Number number) {
            boolean fitsLong = !type.isFloatingPoint() && number.doubleValue() < 0x1p63;
            numbers.add(fitsLong ? (Number) number.longValue() : number);
        } else {
            for (int i = 0; i < Array.getLength(data); i++) {
                numbers.addAll(numbers(type, Array.get(data, i)));
            }
        }
        return numbers;
    }

    private static Optional<NetcdfType> type(DataType type) {
        return switch (type) {
            case FixedPoint integer when integer.getBitPrecision() == 8 * integer.getSize() ->
                Optional.ofNullable(switch (integer.getSize()) {
                    case 1 -> NetcdfType.BYTE;
                    case 2 -> NetcdfType.SHORT;
                    case 4 -> NetcdfType.INT;
                    case 8 -> NetcdfType.INT64;
                    default -> null;
                }).map(signed -> integer.isSigned() ? signed : signed.unsigned());
            case FloatingPoint number when number.getSize() == Float.BYTES && number.getExponentSize() == 8 ->
                Optional.of(NetcdfType.FLOAT);
            case FloatingPoint number when number.getSize() == Double.BYTES && number.getExponentSize() == 11 ->
                Optional.of(NetcdfType.DOUBLE);
            case EnumDataType values -> type(values.getBaseType());
            case StringData text when text.getSize() == 1 -> Optional.of(NetcdfType.CHAR);
            default -> Optional.empty();
        };
    }

    private static ByteOrder order(DataType type) {
        return switch (type) {
            case OrderedDataType ordered -> ordered.getByteOrder();
            case EnumDataType values -> order(values.getBaseType());
            default -> ByteOrder.LITTLE_ENDIAN;
        };
    }
}
