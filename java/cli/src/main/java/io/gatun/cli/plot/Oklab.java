// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

/** The Oklab colour space (Björn Ottosson, 2020): lightness and two opponent axes, perceptually even. */
final class Oklab {
    private Oklab() {}

    /** A colour between two, both packed as 0xRRGGBB; fraction 0 gives the first. */
    static int mix(int first, int second, double fraction) {
        double[] a = of(first);
        double[] b = of(second);
        for (int i = 0; i < a.length; i++) {
            a[i] += fraction * (b[i] - a[i]);
        }
        return toRgb(a);
    }

    /** Lightness (0 black, 1 white), green to red, blue to yellow. */
    static double[] of(int rgb) {
        double red = linear(rgb >> 16 & 255);
        double green = linear(rgb >> 8 & 255);
        double blue = linear(rgb & 255);
        double l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
        double m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
        double s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
        return new double[] {
            0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
    }

    private static int toRgb(double[] lab) {
        double l = Math.pow(lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2], 3);
        double m = Math.pow(lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2], 3);
        double s = Math.pow(lab[0] - 0.0894841775 * lab[1] - 1.2914855480 * lab[2], 3);
        return encoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s) << 16
                | encoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s) << 8
                | encoded(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s);
    }

    /** The sRGB transfer function, from a byte to light. */
    private static double linear(int encoded) {
        double v = encoded / 255.0;
        return v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
    }

    private static int encoded(double linear) {
        double v = linear <= 0.0031308 ? 12.92 * linear : 1.055 * Math.pow(linear, 1 / 2.4) - 0.055;
        return (int) Math.round(Math.clamp(v, 0, 1) * 255);
    }
}
