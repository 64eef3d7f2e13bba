// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How BERT prepares text: {@code BertNormalizer} and {@code BertPreTokenizer} of the {@code tokenizers} library.
 *
 * @param clean whether control characters go and all white space becomes a blank
 * @param chinese whether Chinese characters stand alone
 * @param stripAccents whether accents go
 * @param lowercase whether letters become small
 */
record BertText(boolean clean, boolean chinese, boolean stripAccents, boolean lowercase) {
    static BertText of(TokenizerJson file) {
        file.object("pre_tokenizer").orElseThrow(() -> TokenizerJson.wrong("pre_tokenizer", null))
                .requireType("BertPreTokenizer");
        Optional<TokenizerJson> found = file.object("normalizer");
        if (found.isEmpty()) {
            return new BertText(false, false, false, false);
        }
        TokenizerJson normalizer = found.get();
        normalizer.requireType("BertNormalizer");
        boolean lowercase = normalizer.flag("lowercase", true);
        return new BertText(normalizer.flag("clean_text", true), normalizer.flag("handle_chinese_chars", true),
                normalizer.flag("strip_accents", lowercase), lowercase);
    }

    String normalised(String text) {
        StringBuilder result = new StringBuilder();
        text.codePoints().forEach(c -> {
            if (clean && isControl(c)) {
                return;
            }
            if (chinese && isChinese(c)) {
                result.append(' ').appendCodePoint(c).append(' ');
            } else {
                result.appendCodePoint(clean && isBlank(c) ? ' ' : c);
            }
        });
        String changed = result.toString();
        if (stripAccents) {
            changed = Normalizer.normalize(changed, Normalizer.Form.NFD).replaceAll("\\p{Mn}", "");
        }
        // Letter by letter: the small sigma at the end of a word is that within.
        return lowercase ? changed.codePoints().mapToObj(c -> Character.toString(c).toLowerCase(Locale.ROOT))
                .collect(Collectors.joining()) : changed;
    }

    /** Words, and punctuation marks one by one. */
    List<String> words(String text) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        text.codePoints().forEach(c -> {
            boolean mark = isPunctuation(c);
            if ((mark || isBlank(c)) && !word.isEmpty()) {
                words.add(word.toString());
                word.setLength(0);
            }
            if (mark) {
                words.add(Character.toString(c));
            } else if (!isBlank(c)) {
                word.appendCodePoint(c);
            }
        });
        if (!word.isEmpty()) {
            words.add(word.toString());
        }
        return words;
    }

    private static boolean isBlank(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    private static boolean isControl(int c) {
        int type = Character.getType(c);
        return c == 0 || c == 0xFFFD || c != '\t' && c != '\n' && c != '\r' && (type == Character.CONTROL
                || type == Character.FORMAT || type == Character.UNASSIGNED || type == Character.PRIVATE_USE);
    }

    private static boolean isChinese(int c) {
        return c >= 0x4E00 && c <= 0x9FFF || c >= 0x3400 && c <= 0x4DBF || c >= 0x20000 && c <= 0x2A6DF
                || c >= 0x2A700 && c <= 0x2CEAF || c >= 0xF900 && c <= 0xFAFF || c >= 0x2F800 && c <= 0x2FA1F;
    }

    private static boolean isPunctuation(int c) {
        if (c < 0x80) {
            return c > ' ' && c < 0x7F && !Character.isLetterOrDigit(c);
        }
        return switch (Character.getType(c)) {
            case Character.CONNECTOR_PUNCTUATION, Character.DASH_PUNCTUATION, Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION, Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION, Character.OTHER_PUNCTUATION -> true;
            default -> false;
        };
    }
}
