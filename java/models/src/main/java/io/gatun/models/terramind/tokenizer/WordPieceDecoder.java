// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import java.util.List;

/**
 * Pieces as text: {@code WordPiece} among the decoders of the {@code tokenizers} library.
 *
 * @param prefix of pieces that go on a word
 * @param cleanup whether blanks before punctuation and English short forms go
 */
record WordPieceDecoder(String prefix, boolean cleanup) {
    private static final List<String> BEFORE = List.of(" .", " ?", " !", " ,", " ' ", " n't", " 'm", " do not", " 's",
            " 've", " 're");
    private static final List<String> AFTER = List.of(".", "?", "!", ",", "'", "n't", "'m", " don't", "'s", "'ve",
            "'re");

    static WordPieceDecoder of(TokenizerJson file) {
        TokenizerJson decoder = file.object("decoder").orElseThrow(() -> TokenizerJson.wrong("decoder", null));
        decoder.requireType("WordPiece");
        return new WordPieceDecoder(decoder.text("prefix", "##"), decoder.flag("cleanup", true));
    }

    String join(List<String> pieces) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < pieces.size(); i++) {
            String piece = pieces.get(i);
            String next = i == 0 ? piece : piece.startsWith(prefix) ? piece.substring(prefix.length()) : " " + piece;
            for (int rule = 0; cleanup && rule < BEFORE.size(); rule++) {
                next = next.replace(BEFORE.get(rule), AFTER.get(rule));
            }
            text.append(next);
        }
        return text.toString();
    }
}
