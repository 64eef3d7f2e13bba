// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.data.crs.Crs;
import io.gatun.data.netcdf.AttributeValue;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Attributes of NetCDF's grid mapping, as CF-1.8 has them. GDAL fills what is left out with zeros, so all are there;
 * and it knows the system itself by the code at the end of the well-known text.
 */
final class GridMapping {
    private static final double SEMI_MAJOR_AXIS = 6_378_137;
    private static final double INVERSE_FLATTENING = 298.257223563;
    private static final String DEGREES = "GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,"
            + "298.257223563]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433],"
            + "AUTHORITY[\"EPSG\",\"4326\"]]";

    private GridMapping() {}

    static Map<String, AttributeValue> attributes(Crs crs) {
        Map<String, AttributeValue> all = new LinkedHashMap<>();
        boolean degrees = crs.isGeographic();
        all.put("grid_mapping_name", AttributeValue.of(degrees ? "latitude_longitude" : "transverse_mercator"));
        if (!degrees) {
            all.put("longitude_of_central_meridian", AttributeValue.of(crs.centralMeridian()));
            all.put("latitude_of_projection_origin", AttributeValue.of(0.0));
            all.put("scale_factor_at_central_meridian", AttributeValue.of(Crs.UTM_SCALE));
            all.put("false_easting", AttributeValue.of(Crs.UTM_EASTING));
            all.put("false_northing", AttributeValue.of(crs.falseNorthing()));
        }
        all.put("longitude_of_prime_meridian", AttributeValue.of(0.0));
        all.put("semi_major_axis", AttributeValue.of(SEMI_MAJOR_AXIS));
        all.put("inverse_flattening", AttributeValue.of(INVERSE_FLATTENING));
        all.put("crs_wkt", AttributeValue.of(degrees ? DEGREES : metres(crs)));
        all.put("epsg_code", AttributeValue.of(crs.toString()));
        return all;
    }

    private static String metres(Crs crs) {
        int meridian = (int) crs.centralMeridian();
        int northing = (int) crs.falseNorthing();
        return "PROJCS[\"WGS 84 / UTM zone " + crs.epsg() % 100 + (northing > 0 ? "S" : "N") + "\"," + DEGREES
                + ",PROJECTION[\"Transverse_Mercator\"],PARAMETER[\"latitude_of_origin\",0],"
                + "PARAMETER[\"central_meridian\"," + meridian + "],PARAMETER[\"scale_factor\",0.9996],"
                + "PARAMETER[\"false_easting\",500000],PARAMETER[\"false_northing\"," + northing + "],"
                + "UNIT[\"metre\",1],AXIS[\"Easting\",EAST],AXIS[\"Northing\",NORTH],"
                + "AUTHORITY[\"EPSG\",\"" + crs.epsg() + "\"]]";
    }
}
