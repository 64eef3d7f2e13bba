// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.DataException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A text tokenizer of the kind that TerraMind's coordinates and captions have, from its published vocabulary, a JSON
 * file of the {@code tokenizers} library: words are split at white space and punctuation, and each is spelled by the
 * longest known pieces. Immutable.
 */
public final class WordPiece {
    private final Map<String, Integer> vocabulary;
    private final Map<Integer, String> pieces = new HashMap<>();
    private final Map<String, Added> raw = new HashMap<>();
    private final Map<String, Added> normalised = new HashMap<>();
    private final BertText text;
    private final String unknown;
    private final String prefix;
    private final int longestWord;
    private final WordPieceDecoder decoder;

    /** A token that text is searched for before it is split. */
    private record Added(int id, boolean singleWord) {}

    private WordPiece(Map<String, ?> file) {
        TokenizerJson json = new TokenizerJson(file);
        TokenizerJson model = json.object("model").orElseThrow(() -> TokenizerJson.wrong("model", "absent"));
        model.requireType("WordPiece");
        vocabulary = model.numbers("vocab");
        vocabulary.forEach((piece, id) -> pieces.put(id, piece));
        unknown = model.text("unk_token", "[UNK]");
        prefix = model.text("continuing_subword_prefix", "##");
        longestWord = model.integer("max_input_chars_per_word", 100);
        text = BertText.of(json);
        decoder = WordPieceDecoder.of(json);
        for (TokenizerJson added : json.objects("added_tokens")) {
            String content = added.text("content", "");
            Added token = new Added(added.integer("id", -1), added.flag("single_word", false));
            if (content.isEmpty() || token.id < 0) {
                throw TokenizerJson.wrong("added_tokens", "an entry without content or id");
            }
            pieces.put(token.id, content);
            if (added.flag("normalized", true)) {
                normalised.put(text.normalised(content), token);
            } else {
                raw.put(content, token);
            }
        }
        if (!vocabulary.containsKey(unknown)) {
            throw TokenizerJson.wrong("model.vocab", "a vocabulary without " + unknown);
        }
        json.refuse("truncation", "padding", "post_processor");
    }

    /**
     * A tokenizer.
     *
     * @param file the file's content as plain data: maps, lists, strings, numbers, booleans and null
     * @return the tokenizer
     * @throws DataException if it is no WordPiece tokenizer, or has parts that TerraMind's have not
     */
    public static WordPiece of(Map<String, ?> file) {
        return new WordPiece(file);
    }

    /**
     * Number of a token.
     *
     * @param token for example {@code [EOS]}
     * @return its number
     * @throws DataException if there is no such token
     */
    public int id(String token) {
        Added added = raw.getOrDefault(token, normalised.get(token));
        Integer id = added != null ? Integer.valueOf(added.id) : vocabulary.get(token);
        if (id == null) {
            throw new DataException("the vocabulary has no token " + token
                    + "; is it the file of TerraMind's text tokenizer?");
        }
        return id;
    }

    /**
     * Numbers of the tokens that part a text which is generated, {@code [S_0]}, {@code [S_1]} and so on.
     *
     * @return their numbers
     */
    public Set<Long> sentinels() {
        return pieces.entrySet().stream().filter(each -> each.getValue().startsWith("[S_"))
                .map(each -> each.getKey().longValue()).collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Numbers of a text's tokens.
     *
     * @param line any text
     * @return their numbers
     */
    public List<Integer> encode(String line) {
        List<Integer> ids = new ArrayList<>();
        search(line, raw, ids, rest -> search(text.normalised(rest), normalised, ids, words ->
                text.words(words).forEach(word -> spell(word, ids))));
        return Collections.unmodifiableList(ids);
    }

    @FunctionalInterface
    private interface Rest {
        void take(String between);
    }

    /** Adds the tokens found in a text, the first and of these the longest first; what is between them goes on. */
    private static void search(String line, Map<String, Added> known, List<Integer> ids, Rest rest) {
        TreeSet<Integer> lengths = new TreeSet<>();
        known.keySet().forEach(content -> lengths.add(content.length()));
        int from = 0;
        int at = 0;
        while (at < line.length()) {
            Integer length = longest(line, at, known, lengths);
            if (length == null) {
                at++;
                continue;
            }
            Added found = known.get(line.substring(at, at + length));
            if (!found.singleWord || stands(line, at, at + length)) {
                rest.take(line.substring(from, at));
                ids.add(found.id);
                from = at + length;
            }
            at += length;
        }
        rest.take(line.substring(from));
    }

    private static Integer longest(String line, int at, Map<String, Added> known, TreeSet<Integer> lengths) {
        for (int length : lengths.descendingSet()) {
            if (at + length <= line.length() && known.containsKey(line.substring(at, at + length))) {
                return length;
            }
        }
        return null;
    }

    /** Whether no word goes on before or behind. */
    private static boolean stands(String line, int from, int to) {
        return (from == 0 || !isWord(line.codePointBefore(from)))
                && (to == line.length() || !isWord(line.codePointAt(to)));
    }

    private static boolean isWord(int c) {
        int type = Character.getType(c);
        return Character.isLetterOrDigit(c) || type == Character.CONNECTOR_PUNCTUATION
                || type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK
                || type == Character.COMBINING_SPACING_MARK;
    }

    private void spell(String word, List<Integer> ids) {
        List<Integer> spelled = new ArrayList<>();
        int[] letters = word.codePoints().toArray();
        int from = 0;
        while (from < letters.length && letters.length <= longestWord) {
            int to = letters.length;
            Integer id = null;
            for (; to > from && id == null; to--) {
                id = vocabulary.get((from > 0 ? prefix : "") + new String(letters, from, to - from));
            }
            if (id == null) {
                break;
            }
            spelled.add(id);
            from = to + 1;
        }
        ids.addAll(from >= letters.length ? spelled : List.of(vocabulary.get(unknown)));
    }

    /**
     * The text of tokens.
     *
     * @param ids their numbers; those that the vocabulary has not are left out
     * @return the text
     */
    public String decode(long... ids) {
        return decoder.join(Arrays.stream(ids).filter(id -> id == (int) id && pieces.containsKey((int) id))
                .mapToObj(id -> pieces.get((int) id)).toList());
    }
}
