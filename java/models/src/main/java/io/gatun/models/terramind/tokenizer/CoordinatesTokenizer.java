// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Longitudes and latitudes as tokens of a text and back, upstream's {@code CoordsTokenizer}: degrees on a grid of a
 * quarter, halves to even, as {@code lat=48.25 lon=11.50 [EOS]}.
 *
 * @param text made of the published vocabulary
 */
public record CoordinatesTokenizer(WordPiece text) {
    private static final System.Logger LOGGER = System.getLogger("io.gatun.models");
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");

    /**
     * The text of a place.
     *
     * @param longitude degrees east, -180 to 180
     * @param latitude degrees north, -90 to 90
     * @return the text
     * @throws ArgumentException if one is outside
     */
    public static String text(float longitude, float latitude) {
        if (!(Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90)) {
            throw new ArgumentException("coordinates: longitude " + longitude + " and latitude " + latitude
                    + ", expected -180 to 180 and -90 to 90 degrees, longitude first; are they swapped?");
        }
        return String.format(Locale.ROOT, "lat=%.2f lon=%.2f [EOS]", onGrid(latitude), onGrid(longitude));
    }

    private static double onGrid(float degrees) {
        return Math.rint(degrees * 4) / 4;
    }

    /**
     * The place that a text tells.
     *
     * @param text as {@link WordPiece#decode} gives it
     * @return longitude and latitude; NaN both if the text is malformed
     */
    static float[] parse(String text) {
        String[] parts = text.split(" ", -1);
        if (parts.length == 2) {
            String latitude = stripped(parts[0], "lat=");
            String longitude = stripped(parts[1], "lon=");
            if (NUMBER.matcher(latitude).matches() && NUMBER.matcher(longitude).matches()) {
                return new float[] {Float.parseFloat(longitude), Float.parseFloat(latitude)};
            }
        }
        LOGGER.log(System.Logger.Level.WARNING, "The tokens of coordinates say \"" + text
                + "\", expected lat=... lon=...; the place is NaN");
        return new float[] {Float.NaN, Float.NaN};
    }

    /** Without any of these letters at either end. */
    private static String stripped(String part, String letters) {
        int from = 0;
        int to = part.length();
        while (from < to && letters.indexOf(part.charAt(from)) >= 0) {
            from++;
        }
        while (to > from && letters.indexOf(part.charAt(to - 1)) >= 0) {
            to--;
        }
        return part.substring(from, to);
    }

    /**
     * Tokens of places.
     *
     * @param scope owns the result
     * @param places [B, 2] f32: longitude and latitude
     * @return int64 [B, L]: those of latitude and longitude, and {@code [EOS]}
     * @throws ShapeException if these are no pairs
     * @throws ArgumentException if one is outside of the globe, or the vocabulary spells them with different lengths
     */
    public Tensor encode(Scope scope, Tensor places) {
        if (places.shape().rank() != 2 || places.dim(1) != 2) {
            throw new ShapeException("coordinates have shape " + places.shape()
                    + ", expected [batch, 2] with longitude and latitude");
        }
        float[] degrees = places.toFloatArray();
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < degrees.length; i += 2) {
            lines.add(text(degrees[i], degrees[i + 1]));
        }
        List<List<Integer>> ids = lines.stream().map(text::encode).toList();
        int length = ids.isEmpty() ? 0 : ids.getFirst().size();
        long[] all = new long[ids.size() * length];
        for (int i = 0; i < ids.size(); i++) {
            if (ids.get(i).size() != length) {
                throw new ArgumentException("coordinates: the vocabulary has " + ids.get(i).size() + " tokens for \""
                        + lines.get(i) + "\" and " + length + " for \"" + lines.getFirst()
                        + "\"; is it the file of TerraMind's coordinates?");
            }
            for (int j = 0; j < length; j++) {
                all[i * length + j] = ids.get(i).get(j);
            }
        }
        return scope.of(all, ids.size(), length);
    }

    /**
     * Places of tokens.
     *
     * @param scope owns the result
     * @param tokens int64 [B, L]; the first two of each count
     * @return [B, 2] f32: longitude and latitude, NaN both where the tokens tell no place
     * @throws ShapeException if these are no sequences
     */
    public Tensor decode(Scope scope, Tensor tokens) {
        if (tokens.shape().rank() != 2) {
            throw new ShapeException("tokens of coordinates have shape " + tokens.shape() + ", expected [B, L]");
        }
        int length = (int) tokens.dim(1);
        long[] ids = ids(scope, tokens);
        float[] places = new float[(int) tokens.dim(0) * 2];
        for (int i = 0; i < places.length / 2; i++) {
            float[] place = parse(text.decode(
                    Arrays.copyOfRange(ids, i * length, i * length + Math.min(2, length))));
            System.arraycopy(place, 0, places, i * 2, 2);
        }
        return scope.of(places, tokens.dim(0), 2);
    }

    static long[] ids(Scope scope, Tensor tokens) {
        try (Tensor dense = Kernels.copy(scope, tokens, DType.I64)) {
            return dense.toLongArray();
        }
    }
}
