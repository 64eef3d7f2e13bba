// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.ArgumentException;
import io.gatun.core.NearestName;
import io.gatun.models.Extent;
import io.gatun.models.layers.TokenGrid;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A modality as the weights know it.
 *
 * @param key its name among the weights, for example {@code untok_sen2l2a@224}
 * @param kind what its input is
 * @param size bands of an image; vocabulary of tokens where the weights do not tell it
 * @param patchSize rows and columns of a patch
 * @param bands names of the bands, in order; empty where they have none
 */
public record TerraMindModality(String key, Kind kind, int size, int patchSize, List<String> bands) {
    /** What the input of a modality is. */
    public enum Kind {
        /** Images [B, C, H, W] f32. */
        IMAGE,
        /** Numbers of a tokenizer, one for each patch, [B, rows, columns] int64. */
        TOKENS,
        /** Numbers of a text tokenizer, [B, L] int64. */
        SEQUENCE;

        /**
         * Whether there is a token for each place of an image.
         *
         * @return false for sequences
         */
        public boolean isImage() {
            return this != SEQUENCE;
        }
    }

    /** Patches of an image. */
    TokenGrid grid(Extent image) {
        return image.grid(Extent.of(patchSize));
    }

    /** Longest sequence, the length of the table of positions. */
    static final int MAX_SEQUENCE = 512;

    private static final int PATCH = 16;
    private static final List<String> S2L2A = List.of("COASTAL_AEROSOL", "BLUE", "GREEN", "RED", "RED_EDGE_1",
            "RED_EDGE_2", "RED_EDGE_3", "NIR_BROAD", "NIR_NARROW", "WATER_VAPOR", "SWIR_1", "SWIR_2");
    private static final List<String> S2L1C = List.of("COASTAL_AEROSOL", "BLUE", "GREEN", "RED", "RED_EDGE_1",
            "RED_EDGE_2", "RED_EDGE_3", "NIR_BROAD", "NIR_NARROW", "WATER_VAPOR", "CIRRUS", "SWIR_1", "SWIR_2");
    private static final List<String> S1 = List.of("VV", "VH");

    private static final SequencedMap<String, TerraMindModality> KNOWN = known();

    /** Parts of a name, in the order in which they are looked for, and what they stand for. */
    private static final SequencedMap<String, String> SPELLINGS = spellings();

    /** The same for what is generated. */
    private static final SequencedMap<String, String> TARGETS = targets();

    /**
     * Checks the numbers.
     *
     * @throws ArgumentException if the size or the patch is below 1, or the key has a dot
     */
    public TerraMindModality {
        bands = List.copyOf(bands);
        if (size < 1 || patchSize < 1) {
            throw new ArgumentException("modality " + key + ": " + size + " channels and a patch of " + patchSize
                    + "; expected at least 1");
        }
        if (key.isEmpty() || key.contains(".")) {
            throw new ArgumentException("modality \"" + key + "\": a name must not be empty or have a dot, which parts"
                    + " the names of weights");
        }
    }

    private static SequencedMap<String, TerraMindModality> known() {
        SequencedMap<String, TerraMindModality> known = new LinkedHashMap<>();
        image(known, "untok_sen2l2a@224", S2L2A);
        image(known, "untok_sen2l1c@224", S2L1C);
        image(known, "untok_sen2rgb@224", List.of("RED", "GREEN", "BLUE"));
        image(known, "untok_sen1grd@224", S1);
        image(known, "untok_sen1rtc@224", S1);
        image(known, "untok_dem@224", List.of("DEM"));
        channels(known, 1, "dem@264", "ndvi@264");
        channels(known, 2, "sen1grd@264", "sen1rtc@264");
        channels(known, 3, "sen2rgb@264", "rgb@224", "rgb@448");
        channels(known, 9, "lulc@264");
        channels(known, 12, "sen2l2a@264");
        channels(known, 13, "sen2l1c@264");
        for (String key : List.of("sen1grd", "sen1rtc", "sen2l2a", "dem", "ndvi")) {
            tokens(known, "tok_" + key + "@224", 15360);
        }
        tokens(known, "tok_lulc@224", 4375);
        for (String side : List.of("@224", "@448")) {
            tokens(known, "tok_rgb" + side, 16384);
            tokens(known, "tok_depth" + side, 8192);
            tokens(known, "tok_normal" + side, 8192);
            tokens(known, "tok_semseg" + side, 4096);
            tokens(known, "tok_clip" + side, 8192);
        }
        for (String key : List.of("caption", "coords", "det")) {
            known.put(key, of(key, Kind.SEQUENCE, 30000));
        }
        return Collections.unmodifiableSequencedMap(known);
    }

    private static TerraMindModality of(String key, Kind kind, int size) {
        return new TerraMindModality(key, kind, size, PATCH, List.of());
    }

    private static void image(Map<String, TerraMindModality> known, String key, List<String> bands) {
        known.put(key, new TerraMindModality(key, Kind.IMAGE, bands.size(), PATCH, bands));
    }

    private static void channels(Map<String, TerraMindModality> known, int channels, String... keys) {
        for (String key : keys) {
            known.put(key, of(key, Kind.IMAGE, channels));
        }
    }

    private static void tokens(Map<String, TerraMindModality> known, String key, int vocabulary) {
        known.put(key, of(key, Kind.TOKENS, vocabulary));
    }

    private static SequencedMap<String, String> spellings() {
        SequencedMap<String, String> spellings = new LinkedHashMap<>();
        spellings.put("sen2l2a", "untok_sen2l2a@224");
        spellings.put("sen2l1c", "untok_sen2l1c@224");
        spellings.put("sen1rtc", "untok_sen1rtc@224");
        spellings.put("sen1grd", "untok_sen1grd@224");
        spellings.put("rgb", "untok_sen2rgb@224");
        spellings.put("dem", "untok_dem@224");
        spellings.put("lulc", "tok_lulc@224");
        spellings.put("ndvi", "tok_ndvi@224");
        spellings.put("caption", "caption");
        spellings.put("coord", "coords");
        return spellings;
    }

    private static SequencedMap<String, String> targets() {
        SequencedMap<String, String> spellings = new LinkedHashMap<>();
        spellings.put("sen2", "tok_sen2l2a@224");
        spellings.put("sen1rtc", "tok_sen1rtc@224");
        spellings.put("sen1", "tok_sen1grd@224");
        spellings.put("dem", "tok_dem@224");
        spellings.put("lulc", "tok_lulc@224");
        spellings.put("ndvi", "tok_ndvi@224");
        spellings.put("caption", "caption");
        spellings.put("coord", "coords");
        return spellings;
    }

    /**
     * A modality that upstream knows.
     *
     * @param name one of upstream's keys; or a name in which, whatever its letter case, one of S2L2A, S2L1C, S1RTC,
     *     S1GRD, RGB, DEM, LULC, NDVI, caption (or text) and coord (or location) stands, the first of these counting
     * @return the modality
     * @throws ArgumentException if upstream knows no such name
     */
    public static TerraMindModality pretrained(String name) {
        if (KNOWN.containsKey(name)) {
            return KNOWN.get(name);
        }
        String spelled = spelled(name);
        return SPELLINGS.entrySet().stream().filter(e -> spelled.contains(e.getKey())).findFirst()
                .map(e -> KNOWN.get(e.getValue())).orElseThrow(() -> unknown(name));
    }

    /**
     * What a generator makes of a name: any Sentinel-2 is S2L2A, Sentinel-1 is S1GRD unless it says RTC.
     *
     * @param name one of upstream's keys; or a name in which, whatever its letter case, one of S2, S1RTC, S1, DEM,
     *     LULC, NDVI, caption (or text) and coord (or location) stands, the first of these counting
     * @return a modality of tokens or a sequence
     * @throws ArgumentException if there is nothing of the name that can be generated
     */
    public static TerraMindModality target(String name) {
        TerraMindModality exact = KNOWN.get(name);
        if (exact != null && exact.kind() != Kind.IMAGE) {
            return exact;
        }
        String spelled = spelled(name);
        return exact != null ? refuse(name) : TARGETS.entrySet().stream().filter(e -> spelled.contains(e.getKey()))
                .findFirst().map(e -> KNOWN.get(e.getValue())).orElseGet(() -> refuse(name));
    }

    private static TerraMindModality refuse(String name) {
        List<String> usual = List.of("S2L2A", "S1RTC", "S1GRD", "DEM", "LULC", "NDVI", "caption", "coords");
        throw new ArgumentException("Could not find modality " + name + " in default modality info; did you mean "
                + NearestName.of(name, usual) + "? Available modalities: S2L2A, S1RTC, S1GRD, DEM, LULC, NDVI, and"
                + " Coords");
    }

    private static String spelled(String name) {
        return name.toLowerCase(Locale.ROOT).replace("s2", "sen2").replace("s1", "sen1").replace("text", "caption")
                .replace("location", "coords");
    }

    /**
     * Most tokens of a sequence that is generated.
     *
     * @return 4 of coordinates, else 256
     */
    public int maxTokens() {
        return key.equals("coords") ? 4 : 256;
    }

    private static ArgumentException unknown(String name) {
        List<String> usual = List.of("S2L2A", "S2L1C", "RGB", "S1GRD", "S1RTC", "DEM", "LULC", "NDVI", "caption",
                "coords");
        return new ArgumentException("there is no modality \"" + name + "\"; did you mean "
                + NearestName.of(name, usual) + "? Known: " + String.join(", ", usual) + ", and names with one of these"
                + " in them; a new modality is a dictionary of its name and its number of channels");
    }

    /**
     * A modality of images that the weights were not pretrained with.
     *
     * @param name its name, among the weights too
     * @param channels bands of an image
     * @param patchSize rows and columns of a patch
     * @return the modality
     * @throws ArgumentException if a number is below 1
     */
    public static TerraMindModality image(String name, int channels, int patchSize) {
        return new TerraMindModality(name, Kind.IMAGE, channels, patchSize, List.of());
    }

    /**
     * All that upstream knows.
     *
     * @return by key
     */
    public static SequencedMap<String, TerraMindModality> all() {
        return KNOWN;
    }

    /**
     * The same modality of other bands.
     *
     * @param chosen names of the bands of an image, in order
     * @return the changed modality
     */
    TerraMindModality withBands(List<String> chosen) {
        return new TerraMindModality(key, kind, chosen.size(), patchSize, chosen);
    }

    /**
     * Upstream's number of the modality: SHA-256 of its key, modulo 2^15.
     *
     * @return 0 to 32767
     */
    public int id() {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
            return (digest[30] & 0x7f) << 8 | digest[31] & 0xff;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
