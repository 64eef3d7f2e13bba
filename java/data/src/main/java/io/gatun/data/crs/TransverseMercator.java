// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.crs;

/**
 * The transverse Mercator projection of WGS 84 by Krueger's series to the fourth order of the third flattening, exact
 * to less than a millimetre within some 30 degrees of the central meridian (C. F. F. Karney, Transverse Mercator with
 * an accuracy of a few nanometers, 2011, equations 7 to 36).
 */
final class TransverseMercator {
    private static final double SCALE = Crs.UTM_SCALE;
    private static final double FALSE_EASTING = Crs.UTM_EASTING;
    private static final double FLATTENING = 1 / 298.257223563;
    private static final double N = FLATTENING / (2 - FLATTENING);
    private static final double ECCENTRICITY = Math.sqrt(FLATTENING * (2 - FLATTENING));
    /** Metres of a radian along the meridian, scaled. */
    private static final double RADIUS = SCALE * 6_378_137 / (1 + N) * (1 + N * N / 4 + N * N * N * N / 64);
    private static final double[] FORWARD = {
        series(1. / 2, -2. / 3, 5. / 16, 41. / 180),
        N * series(13. / 48, -3. / 5, 557. / 1440),
        N * N * series(61. / 240, -103. / 140),
        N * N * N * series(49561. / 161280)};
    private static final double[] INVERSE = {
        series(1. / 2, -2. / 3, 37. / 96, -1. / 360),
        N * series(1. / 48, 1. / 15, -437. / 1440),
        N * N * series(17. / 480, -37. / 840),
        N * N * N * series(4397. / 161280)};
    /** From conformal to geographic latitude. */
    private static final double[] LATITUDE = {
        series(2, -2. / 3, -2, 116. / 45),
        N * series(7. / 3, -8. / 5, -227. / 45),
        N * N * series(56. / 15, -136. / 35),
        N * N * N * series(4279. / 630)};

    private TransverseMercator() {}

    /** Sum of coefficients times N, N squared and so on. */
    private static double series(double... coefficients) {
        double sum = 0;
        for (int i = coefficients.length - 1; i >= 0; i--) {
            sum = (sum + coefficients[i]) * N;
        }
        return sum;
    }

    /** Easting and northing in metres, north of the equator; NaN too far from the central meridian. */
    static double[] forward(double degreesEastOfMeridian, double lat) {
        double lambda = Math.toRadians(degreesEastOfMeridian);
        double sin = Math.sin(Math.toRadians(lat));
        double t = Math.sinh(atanh(sin) - ECCENTRICITY * atanh(ECCENTRICITY * sin));
        double xi = Math.atan2(t, Math.cos(lambda));
        double eta = atanh(Math.sin(lambda) / Math.hypot(1, t));
        double x = eta;
        double y = xi;
        for (int j = 1; j <= FORWARD.length; j++) {
            x += FORWARD[j - 1] * Math.cos(2 * j * xi) * Math.sinh(2 * j * eta);
            y += FORWARD[j - 1] * Math.sin(2 * j * xi) * Math.cosh(2 * j * eta);
        }
        boolean near = Math.abs(degreesEastOfMeridian) <= 60;
        return new double[] {near ? FALSE_EASTING + RADIUS * x : Double.NaN, near ? RADIUS * y : Double.NaN};
    }

    /** Degrees east of the central meridian and latitude. */
    static double[] inverse(double easting, double northing) {
        double eta = (easting - FALSE_EASTING) / RADIUS;
        double xi = northing / RADIUS;
        double etaSphere = eta;
        double xiSphere = xi;
        for (int j = 1; j <= INVERSE.length; j++) {
            etaSphere -= INVERSE[j - 1] * Math.cos(2 * j * xi) * Math.sinh(2 * j * eta);
            xiSphere -= INVERSE[j - 1] * Math.sin(2 * j * xi) * Math.cosh(2 * j * eta);
        }
        double conformal = Math.asin(Math.sin(xiSphere) / Math.cosh(etaSphere));
        double lat = conformal;
        for (int j = 1; j <= LATITUDE.length; j++) {
            lat += LATITUDE[j - 1] * Math.sin(2 * j * conformal);
        }
        return new double[] {
            Math.toDegrees(Math.atan2(Math.sinh(etaSphere), Math.cos(xiSphere))), Math.toDegrees(lat)};
    }

    private static double atanh(double x) {
        return 0.5 * Math.log1p(2 * x / (1 - x));
    }
}
