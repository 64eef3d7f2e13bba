// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011):
 * a number depends on the seed and its counter alone, so that results do not depend on how work is split or ordered.
 * {@link Reductions#sampleTokens} draws with it on each device.
 *
 * <p>The seed is the key; a block of four words belongs to a counter and a purpose, so that uniform and normal numbers
 * of one counter are independent of each other.
 */
public final class Philox {
    private static final int ROUNDS = 10;
    private static final long LEFT_FACTOR = 0xd2511f53L;
    private static final long RIGHT_FACTOR = 0xcd9e8d57L;
    private static final int LEFT_STEP = 0x9e3779b9;
    private static final int RIGHT_STEP = 0xbb67ae85;

    private static final long UNIFORM = 0;
    private static final long NORMAL = 1;

    private static final double WORD = 0x1p-32;

    private Philox() {}

    /**
     * A uniform number: the upper 24 bits of the first word.
     *
     * @param seed the key
     * @param counter which number of the seed
     * @return at least 0, less than 1
     */
    public static float uniform(long seed, long counter) {
        return (word(seed, counter) >>> 8) * 0x1p-24f;
    }

    /** The first word, of which a token is drawn. */
    static int word(long seed, long counter) {
        return block(seed, counter, UNIFORM)[0];
    }

    /**
     * Standard normal numbers by Box and Muller's transform, four from each counter. The same bits on every machine.
     *
     * @param seed the key
     * @param firstCounter where they begin; {@code out} takes the numbers of {@code ceil(out.length / 4)} counters
     * @param out receives them
     */
    public static void normals(long seed, long firstCounter, float[] out) {
        for (int at = 0; at < out.length; at += 4) {
            int[] words = block(seed, firstCounter + at / 4, NORMAL);
            for (int pair = 0; pair < 4 && at + pair < out.length; pair += 2) {
                // In (0, 1] and [0, 1): the logarithm is finite.
                double radius = Math.sqrt(-2 * StrictMath.log((Integer.toUnsignedLong(words[pair]) + 1) * WORD));
                double angle = 2 * Math.PI * (Integer.toUnsignedLong(words[pair + 1]) * WORD);
                out[at + pair] = (float) (radius * StrictMath.cos(angle));
                if (at + pair + 1 < out.length) {
                    out[at + pair + 1] = (float) (radius * StrictMath.sin(angle));
                }
            }
        }
    }

    /** The four words at a counter of 128 bits, its lower and its upper half. */
    static int[] block(long key, long lower, long upper) {
        int leftKey = (int) key;
        int rightKey = (int) (key >>> 32);
        int[] words = {(int) lower, (int) (lower >>> 32), (int) upper, (int) (upper >>> 32)};
        for (int round = 0; round < ROUNDS; round++) {
            long left = LEFT_FACTOR * Integer.toUnsignedLong(words[0]);
            long right = RIGHT_FACTOR * Integer.toUnsignedLong(words[2]);
            words[0] = (int) (right >>> 32) ^ words[1] ^ leftKey;
            words[1] = (int) right;
            words[2] = (int) (left >>> 32) ^ words[3] ^ rightKey;
            words[3] = (int) left;
            leftKey += LEFT_STEP;
            rightKey += RIGHT_STEP;
        }
        return words;
    }
}
