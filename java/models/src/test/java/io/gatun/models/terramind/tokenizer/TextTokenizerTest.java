// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import static io.gatun.models.terramind.tokenizer.Tokenizers.refuses;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** WordPiece, coordinates and captions on a vocabulary laid out as the published ones are. */
class TextTokenizerTest {
    private static final List<String> SPECIAL =
            List.of("[PAD]", "[UNK]", "[SOS]", "[EOS]", "[S_0]", "[S_1]", "[S_2]");
    private static final List<String> PIECES = List.of("a", "field", "for", "##est", "##s", "green", ".", ",", "lat",
            "=", "48", "25", "can", "n", "'", "t", "cafe", "\u4e2d", "tree");

    /** Every coordinate on the grid of a quarter degree, then words. */
    private static Map<String, Object> file() {
        Map<String, Object> vocabulary = new LinkedHashMap<>();
        List<Map<String, Object>> added = new ArrayList<>();
        List<String> contents = new ArrayList<>(SPECIAL);
        DoubleStream.iterate(-90, each -> each <= 90, each -> each + 0.25)
                .forEach(each -> contents.add(String.format(Locale.ROOT, "lat=%.2f", each)));
        DoubleStream.iterate(-180, each -> each <= 180, each -> each + 0.25)
                .forEach(each -> contents.add(String.format(Locale.ROOT, "lon=%.2f", each)));
        for (String content : contents) {
            boolean plain = List.of("[PAD]", "[UNK]", "[SOS]", "[EOS]").contains(content);
            added.add(Map.of("id", (long) vocabulary.size(), "content", content, "single_word", !plain, "lstrip",
                    false, "rstrip", false, "normalized", false, "special", true));
            vocabulary.put(content, (long) vocabulary.size());
        }
        added.add(Map.of("id", 9000L, "content", "Ice Cream", "single_word", true, "normalized", true));
        PIECES.forEach(piece -> vocabulary.put(piece, (long) vocabulary.size()));
        Map<String, Object> file = new HashMap<>();
        file.put("version", "1.0");
        file.put("truncation", null);
        file.put("padding", null);
        file.put("added_tokens", added);
        Map<String, Object> normalizer = new HashMap<>(Map.of("type", "BertNormalizer", "clean_text", true,
                "handle_chinese_chars", true, "lowercase", true));
        normalizer.put("strip_accents", null);
        file.put("normalizer", normalizer);
        file.put("pre_tokenizer", Map.of("type", "BertPreTokenizer"));
        file.put("post_processor", null);
        file.put("decoder", Map.of("type", "WordPiece", "prefix", "##", "cleanup", true));
        file.put("model", Map.of("type", "WordPiece", "unk_token", "[UNK]", "continuing_subword_prefix", "##",
                "max_input_chars_per_word", 100L, "vocab", vocabulary));
        return file;
    }

    private static final WordPiece TEXT = WordPiece.of(file());

    private static List<Integer> ids(String... tokens) {
        return Arrays.stream(tokens).map(TEXT::id).toList();
    }

    @Test
    void wordsAreSpelledByTheLongestPieces() {
        assertEquals(ids("green", "for", "##est", "##s", "."), TEXT.encode("Green forests."));
        assertEquals(ids("for", "[UNK]", "tree"), TEXT.encode("for\tforx\n tree"));
        assertEquals(ids("[UNK]", "a"), TEXT.encode("for".repeat(34) + " a"), "more than 100 letters");
        assertEquals(ids("cafe", "a", "\u4e2d", "a"), TEXT.encode("Caf\u00e9 a\u4e2da"));
        assertEquals(ids("can", "'", "t"), TEXT.encode("ca\u0000n't"));
        assertEquals(List.of(), TEXT.encode(" "));
    }

    @Test
    void addedTokensAreFoundBeforeWordsAreSplit() {
        assertEquals(ids("lat=48.25", "[EOS]", "a"), TEXT.encode("lat=48.25 [EOS]a"));
        assertEquals(ids("lat", "=", "48", ".", "25", "n"), TEXT.encode("LAT=48.25 n"), "not normalised");
        assertEquals(ids("[UNK]", "=", "48", ".", "25"), TEXT.encode("flat=48.25"), "a part of a word");
        assertEquals(List.of(9000, TEXT.id(".")), TEXT.encode("ICE cream."));
        assertEquals(9000, TEXT.id("ice cream"));
        refuses(DataException.class, "the vocabulary has no token [CLS]", () -> TEXT.id("[CLS]"));
    }

    @Test
    void tokensAreJoinedToText() {
        long[] tokens = ids("green", "for", "##est", "##s", ".", "a", ",", "can", "'", "t").stream()
                .mapToLong(Integer::longValue).toArray();
        assertEquals("green forests. a, can ' t", TEXT.decode(tokens));
        assertEquals("a", TEXT.decode(TEXT.id("a"), 29999, -1), "numbers that are no tokens are left out");
    }

    @Test
    void otherTokenizersAreRefused() {
        Map<String, Object> replaced = Map.of("model", Map.of("type", "BPE", "vocab", Map.of("a", 1L)),
                "normalizer", Map.of("type", "Lowercase"), "pre_tokenizer", Map.of("type", "Whitespace"),
                "decoder", Map.of("type", "ByteLevel"), "post_processor", Map.of("type", "TemplateProcessing"),
                "truncation", Map.of("max_length", 5L), "added_tokens", List.of("[PAD]"));
        replaced.forEach((key, value) -> {
            Map<String, Object> file = file();
            file.put(key, value);
            refuses(DataException.class, "expected the file of a WordPiece tokenizer", () -> WordPiece.of(file));
        });
        for (String key : List.of("model", "pre_tokenizer", "decoder")) {
            Map<String, Object> file = file();
            file.remove(key);
            refuses(DataException.class, "\"" + key + "\"", () -> WordPiece.of(file));
        }
        Map<String, Object> file = file();
        file.put("model", Map.of("type", "WordPiece", "vocab", Map.of("a", 0L)));
        refuses(DataException.class, "a vocabulary without [UNK]", () -> WordPiece.of(file));
        file.put("model", Map.of("type", "WordPiece", "vocab", Map.of("[UNK]", "0")));
        refuses(DataException.class, "\"vocab\"", () -> WordPiece.of(file));
    }

    @Test
    void coordinatesLieOnAGridOfAQuarterDegree() {
        Map<List<Float>, String> expected = new LinkedHashMap<>();
        expected.put(List.of(11.6f, 48.1f), "lat=48.00 lon=11.50 [EOS]");
        expected.put(List.of(0.125f, 0.375f), "lat=0.50 lon=0.00 [EOS]");
        expected.put(List.of(180f, -90f), "lat=-90.00 lon=180.00 [EOS]");
        expected.put(List.of(-180f, 90f), "lat=90.00 lon=-180.00 [EOS]");
        expected.put(List.of(-179.9f, 89.87f), "lat=89.75 lon=-180.00 [EOS]");
        expected.forEach((place, text) ->
                assertEquals(text, CoordinatesTokenizer.text(place.getFirst(), place.getLast())));
        assertEquals("lat=-0.00 lon=0.00 [EOS]", CoordinatesTokenizer.text(0, -0.1f), "upstream keeps the sign");
        for (float[] place : new float[][] {{180.1f, 0}, {0, 90.1f}, {48, 115}, {Float.NaN, 0}}) {
            refuses(ArgumentException.class, "longitude first; are they swapped?",
                    () -> CoordinatesTokenizer.text(place[0], place[1]));
        }
    }

    @Test
    void coordinatesGoToTokensAndBack() {
        CoordinatesTokenizer tokenizer = new CoordinatesTokenizer(TEXT);
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor tokens =
                    tokenizer.encode(scope, scope.of(new float[] {11.6f, 48.1f, -180, -90, 180, 90}, 3, 2));
            assertEquals(Shape.of(3, 3), tokens.shape());
            assertEquals(ids("lat=48.00", "lon=11.50", "[EOS]"),
                    Arrays.stream(tokens.toLongArray()).limit(3).mapToObj(id -> (int) id).toList());
            assertArrayEquals(new float[] {11.5f, 48, -180, -90, 180, 90},
                    tokenizer.decode(scope, tokens).toFloatArray());
            refuses(ShapeException.class, "coordinates have shape [1, 3], expected [batch, 2]",
                    () -> tokenizer.encode(scope, scope.zeros(1, 3)));
            refuses(ShapeException.class, "expected [B, L]",
                    () -> tokenizer.decode(scope, scope.of(new long[3], 3)));
        }
    }

    /** A vocabulary without that token spells it: upstream fails on rows of different lengths. */
    @Test
    void coordinatesOfDifferentLengthsAreRefused() {
        CoordinatesTokenizer tokenizer = new CoordinatesTokenizer(TEXT);
        try (Scope scope = Scope.open(Device.cpu())) {
            refuses(ArgumentException.class, "tokens for \"lat=-0.00 lon=0.00 [EOS]\" and 3 for",
                    () -> tokenizer.encode(scope, scope.of(new float[] {0, 1, 0, -0.1f}, 2, 2)));
        }
    }

    @Test
    void tokensThatTellNoPlaceAreNan() {
        CoordinatesTokenizer tokenizer = new CoordinatesTokenizer(TEXT);
        long lat = TEXT.id("lat=48.00");
        long lon = TEXT.id("lon=11.50");
        long[][] malformed = {{lon, lat}, {lat, lat}, {lat, TEXT.id("a")}, {TEXT.id("[EOS]"), lat}, {29999, 29998}};
        try (Scope scope = Scope.open(Device.cpu())) {
            for (long[] each : malformed) {
                assertArrayEquals(new float[] {Float.NaN, Float.NaN},
                        tokenizer.decode(scope, scope.of(each, 1, 2)).toFloatArray());
            }
            assertArrayEquals(new float[] {Float.NaN, Float.NaN},
                    tokenizer.decode(scope, scope.of(new long[] {lat}, 1, 1)).toFloatArray(), "one token alone");
        }
    }

    @Test
    void captionsArePaddedBeforeTheirEnd() {
        CaptionTokenizer tokenizer = new CaptionTokenizer(TEXT);
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor tokens = tokenizer.encode(scope, List.of("A green field.", "Forests"));
            List<Integer> expected = new ArrayList<>(ids("a", "green", "field", ".", "[S_1]", "[EOS]"));
            expected.addAll(ids("for", "##est", "##s", "[S_1]", "[PAD]", "[EOS]"));
            assertEquals(expected,
                    Arrays.stream(tokens.toLongArray()).mapToObj(id -> (int) id).toList());
            boolean[] absent = new boolean[12];
            IntStream.of(4, 9, 10).forEach(at -> absent[at] = true);
            assertEquals(List.of("A green field.", "Forests"),
                    tokenizer.decode(scope, tokens, Optional.of(scope.ofBooleans(absent, 2, 6))));
            assertEquals("A green field. [s_1]", tokenizer.decode(scope, tokens, Optional.empty()).getFirst());
            refuses(ArgumentException.class, "there are none", () -> tokenizer.encode(scope, List.of()));
            refuses(ShapeException.class, "their mask [2, 5]", () -> tokenizer.decode(
                    scope, tokens, Optional.of(scope.ofBooleans(new boolean[10], 2, 5))));
        }
        assertEquals("One tree. Two?  Three! ", CaptionTokenizer.capitalised("one TREE. two?  three! "));
    }
}
