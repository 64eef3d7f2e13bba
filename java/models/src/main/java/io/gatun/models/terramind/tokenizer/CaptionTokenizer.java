// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.ArgumentException;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Captions as tokens and back, upstream's {@code CaptionTokenizer} of version 0.1.
 *
 * @param text made of the published vocabulary
 */
public record CaptionTokenizer(WordPiece text) {
    private static final Pattern SENTENCE = Pattern.compile("[.!?] *");

    /**
     * Tokens of captions, those of {@code [S_1]} and {@code [EOS]} behind; shorter ones are filled with {@code [PAD]}
     * before the {@code [EOS]}, as upstream fills them.
     *
     * @param scope owns the result
     * @param captions at least one
     * @return int64 [B, L]
     * @throws ArgumentException if there are none
     */
    public Tensor encode(Scope scope, List<String> captions) {
        if (captions.isEmpty()) {
            throw new ArgumentException("captions: there are none, expected at least one");
        }
        List<List<Integer>> ids = captions.stream().map(caption -> text.encode(caption + " [S_1]")).toList();
        int length = ids.stream().mapToInt(List::size).max().orElseThrow() + 1;
        long[] all = new long[ids.size() * length];
        Arrays.fill(all, text.id("[PAD]"));
        for (int i = 0; i < ids.size(); i++) {
            for (int j = 0; j < ids.get(i).size(); j++) {
                all[i * length + j] = ids.get(i).get(j);
            }
            all[(i + 1) * length - 1] = text.id("[EOS]");
        }
        return scope.of(all, ids.size(), length);
    }

    /**
     * Captions of tokens, each sentence with a capital.
     *
     * @param scope where it runs
     * @param tokens int64 [B, L]
     * @param inputMask bool [B, L], true where there is no token
     * @return as many captions as samples
     * @throws ShapeException if tokens are no sequences or the mask has another shape
     */
    public List<String> decode(Scope scope, Tensor tokens, Optional<Tensor> inputMask) {
        if (tokens.shape().rank() != 2
                || inputMask.isPresent() && !inputMask.get().shape().equals(tokens.shape())) {
            throw new ShapeException("tokens of captions have shape " + tokens.shape() + inputMask.map(mask ->
                    " and their mask " + mask.shape()).orElse("") + ", expected [B, L] both");
        }
        long[] ids = CoordinatesTokenizer.ids(scope, tokens);
        boolean[] absent = inputMask.map(Tensor::toBooleanArray).orElse(new boolean[ids.length]);
        int length = (int) tokens.dim(1);
        List<String> captions = new ArrayList<>();
        for (int i = 0; i < tokens.dim(0); i++) {
            long[] own = new long[length];
            int count = 0;
            for (int j = i * length; j < (i + 1) * length; j++) {
                if (!absent[j]) {
                    own[count++] = ids[j];
                }
            }
            captions.add(capitalised(text.decode(Arrays.copyOf(own, count)).replace(" [EOS]", "")));
        }
        return captions;
    }

    /** The first letter of each sentence large, all others small. */
    static String capitalised(String text) {
        StringBuilder result = new StringBuilder();
        int from = 0;
        for (MatchResult end : SENTENCE.matcher(text).results().toList()) {
            append(result, text.substring(from, end.start()));
            result.append(end.group());
            from = end.end();
        }
        append(result, text.substring(from));
        return result.toString();
    }

    private static void append(StringBuilder result, String sentence) {
        if (!sentence.isEmpty()) {
            int first = sentence.codePointAt(0);
            result.appendCodePoint(Character.toTitleCase(first))
                    .append(sentence.substring(Character.charCount(first)).toLowerCase(Locale.ROOT));
        }
    }
}
