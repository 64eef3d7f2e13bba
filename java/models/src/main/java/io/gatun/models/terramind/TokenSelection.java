// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

/**
 * Which tokens of a batch are kept: of each sample those that are not hidden, in their order, then hidden ones.
 *
 * @param count how many of each sample
 * @param rows where they are among all tokens of the batch, sample by sample; a hidden one is in the row behind them
 * @param places where they are among the tokens of their sample
 * @param visible whether they are not hidden
 * @param all whether none of them is hidden
 */
record TokenSelection(int count, long[] rows, int[] places, boolean[] visible, boolean all) {
    /** As many as the sample with the most tokens that are not hidden has. */
    static TokenSelection visible(boolean[] hidden, int batch) {
        int tokens = hidden.length / batch;
        int most = 0;
        for (int sample = 0; sample < batch; sample++) {
            int count = 0;
            for (int i = 0; i < tokens; i++) {
                count += hidden[sample * tokens + i] ? 0 : 1;
            }
            most = Math.max(most, count);
        }
        return first(hidden, batch, most);
    }

    /** A number of them, or all there are. */
    static TokenSelection first(boolean[] hidden, int batch, long wanted) {
        int tokens = hidden.length / batch;
        int count = (int) Math.min(wanted, tokens);
        int[] places = new int[batch * count];
        long[] rows = new long[batch * count];
        boolean[] visible = new boolean[batch * count];
        boolean all = true;
        for (int sample = 0; sample < batch; sample++) {
            int[] order = order(hidden, sample * tokens, tokens);
            for (int i = 0; i < count; i++) {
                int to = sample * count + i;
                places[to] = order[i];
                visible[to] = !hidden[sample * tokens + order[i]];
                rows[to] = visible[to] ? (long) sample * tokens + order[i] : hidden.length;
                all &= visible[to];
            }
        }
        return new TokenSelection(count, rows, places, visible, all);
    }

    private static int[] order(boolean[] hidden, int first, int tokens) {
        int[] order = new int[tokens];
        int next = 0;
        for (boolean wanted : new boolean[] {false, true}) {
            for (int i = 0; i < tokens; i++) {
                if (hidden[first + i] == wanted) {
                    order[next++] = i;
                }
            }
        }
        return order;
    }
}
