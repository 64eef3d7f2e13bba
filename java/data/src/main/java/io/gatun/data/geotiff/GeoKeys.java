// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import io.gatun.core.ArgumentException;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Where an image lies, from the GeoTIFF tags.
 *
 * @param epsg code of the projected, else of the geographic reference system
 */
record GeoKeys(OptionalInt epsg, Optional<GeoTransform> transform) {
    private static final int PIXEL_SCALE = 33550;
    private static final int TIE_POINTS = 33922;
    private static final int TRANSFORMATION = 34264;
    private static final int KEYS = 34735;
    private static final int RASTER_TYPE = 1025;
    private static final int GEOGRAPHIC = 2048;
    private static final int PROJECTED = 3072;
    private static final int PIXEL_IS_POINT = 2;
    private static final int USER_DEFINED = 32767;

    static GeoKeys of(TiffSource source, TiffDirectory tags) {
        int projected = key(source, tags, PROJECTED);
        int geographic = key(source, tags, GEOGRAPHIC);
        int code = projected != 0 ? projected : geographic;
        boolean isPoint = key(source, tags, RASTER_TYPE) == PIXEL_IS_POINT;
        try {
            return new GeoKeys(code == 0 || code == USER_DEFINED ? OptionalInt.empty() : OptionalInt.of(code),
                    transform(source, tags).map(t -> isPoint ? aroundCentre(t) : t));
        } catch (ArgumentException e) {
            throw source.bad(e.getMessage(), "It is damaged, or was referenced wrongly");
        }
    }

    /** The value of a short key; 0 where it is absent. */
    private static int key(TiffSource source, TiffDirectory tags, int key) {
        if (!tags.has(KEYS)) {
            return 0;
        }
        long count = tags.numberAt(KEYS, 3);
        if (count < 0 || count > 0xffff || 4 + 4 * count > tags.count(KEYS)) {
            throw source.bad("it announces " + count + " geographic keys and has room for "
                    + (tags.count(KEYS) - 4) / 4, "It is damaged; fetch it again");
        }
        for (long i = 1; i <= count; i++) {
            if (tags.numberAt(KEYS, 4 * i) == key && tags.numberAt(KEYS, 4 * i + 1) == 0) {
                return (int) tags.numberAt(KEYS, 4 * i + 3);
            }
        }
        return 0;
    }

    private static Optional<GeoTransform> transform(TiffSource source, TiffDirectory tags) {
        if (tags.has(TRANSFORMATION)) {
            double[] m = doubles(source, tags, TRANSFORMATION, 16);
            return Optional.of(new GeoTransform(m[3], m[0], m[1], m[7], m[4], m[5]));
        }
        if (!tags.has(PIXEL_SCALE) || !tags.has(TIE_POINTS)) {
            return Optional.empty();
        }
        double[] scale = doubles(source, tags, PIXEL_SCALE, 3);
        double[] tie = doubles(source, tags, TIE_POINTS, 6);
        return Optional.of(GeoTransform.northUp(
                tie[3] - tie[0] * scale[0], tie[4] + tie[1] * scale[1], scale[0], scale[1]));
    }

    private static double[] doubles(TiffSource source, TiffDirectory tags, int tag, int count) {
        double[] values = tags.doubles(tag, 6 * 0x10000);
        if (values.length < count) {
            throw source.bad("tag " + tag + " has " + values.length + " numbers, expected " + count,
                    "It is damaged; fetch it again");
        }
        return values;
    }

    private static GeoTransform aroundCentre(GeoTransform t) {
        return new GeoTransform(t.x(-0.5, -0.5), t.xColumn(), t.xRow(), t.y(-0.5, -0.5), t.yColumn(), t.yRow());
    }
}
