// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.ArgumentException;
import io.gatun.core.Tensor;
import io.gatun.models.layers.TokenGrid;
import io.gatun.models.terramind.TerraMindModality;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * What is known of the modalities of a batch: what was given, and what was generated so far. Numbers of tokens are on
 * the host. For one thread.
 */
public final class GenerationState {
    /** The number of the padding. */
    static final long PAD = 0;
    /** The number that ends a text. */
    static final long END = 3;
    /** The number of {@code [S_1]}, with which a text begins that is to be generated. */
    static final long BEGIN = 5;

    /** One modality; what changes is replaced. */
    sealed interface Known {}

    /** An image, or the numbers of its tokens. */
    record Given(Tensor tensor) implements Known {}

    /** Patches of an image; {@code known} [B, N] tells which of {@code ids} [B, N] are. */
    record Patches(TokenGrid grid, long[] ids, boolean[] known) implements Known {}

    /** A text [B, L], what of it the encoder does not see, and how many tokens are to be found. */
    record Text(int length, long[] ids, boolean[] hidden, int wanted) implements Known {}

    private final int batch;
    private final SequencedMap<String, Known> modalities = new LinkedHashMap<>();

    /**
     * Nothing is known.
     *
     * @param batch number of samples
     * @throws ArgumentException if there is none
     */
    public GenerationState(int batch) {
        if (batch < 1) {
            throw new ArgumentException("a generation of " + batch + " samples; expected at least one");
        }
        this.batch = batch;
    }

    /**
     * The number of samples.
     *
     * @return at least 1
     */
    public int batch() {
        return batch;
    }

    SequencedMap<String, Known> modalities() {
        return modalities;
    }

    /**
     * Gives an image.
     *
     * @param key among the weights
     * @param tensor [B, C, H, W] f32, or numbers [B, rows, columns] of its tokens; read by each step
     */
    public void give(String key, Tensor tensor) {
        modalities.put(key, new Given(tensor));
    }

    /**
     * Gives a text. What comes behind its end, the number 3, is hidden; without an end it counts as none.
     *
     * @param key among the weights
     * @param ids [B, L] row-major
     */
    public void giveText(String key, long[] ids) {
        int length = ids.length / batch;
        long[] numbers = ids.clone();
        boolean[] hidden = new boolean[ids.length];
        for (int sample = 0; sample < batch; sample++) {
            int end = end(numbers, sample * length, length);
            if (end == length) {
                numbers[sample * length] = END;
                end = 0;
            }
            for (int i = end + 1; i < length; i++) {
                hidden[sample * length + i] = true;
            }
        }
        modalities.put(key, new Text(length, numbers, hidden, 0));
    }

    private static int end(long[] ids, int first, int length) {
        for (int i = 0; i < length; i++) {
            if (ids[first + i] == END) {
                return i;
            }
        }
        return length;
    }

    /**
     * Asks for patches of an image.
     *
     * @param key among the weights
     * @param grid its rows and columns of patches
     * @throws ArgumentException if the image is given
     */
    public void want(String key, TokenGrid grid) {
        if (modalities.containsKey(key)) {
            throw new ArgumentException("Conditioned target modality not implemented for " + key
                    + ": it is given, and cannot be generated too; leave it out of the input or of the outputs");
        }
        modalities.put(key, new Patches(grid, new long[batch * grid.cells()], new boolean[batch * grid.cells()]));
    }

    /**
     * Asks for a text; one that was given is gone on with.
     *
     * @param key among the weights
     * @param tokens most tokens it may have, at least 3
     */
    public void wantText(String key, int tokens) {
        Known given = modalities.get(key);
        int before = given instanceof Text text ? text.length() : 0;
        int length = before + tokens;
        long[] ids = new long[batch * length];
        boolean[] hidden = new boolean[batch * length];
        int wanted = length;
        for (int sample = 0; sample < batch; sample++) {
            int first = sample * length;
            int begin = 0;
            if (given instanceof Text text) {
                System.arraycopy(text.ids(), sample * before, ids, first, before);
                begin = end(ids, first, before);
            }
            ids[first + begin] = BEGIN;
            ids[first + begin + 1] = BEGIN;
            ids[first + length - 1] = BEGIN + 1;
            for (int i = begin + 1; i < length; i++) {
                hidden[first + i] = true;
            }
            wanted = Math.min(wanted, length - begin - 1);
        }
        modalities.put(key, new Text(length, ids, hidden, wanted));
    }

    /** Writes tokens [B, M] of an image at places [B, M], which are known from then on. */
    void know(String key, long[] places, long[] ids) {
        TokenGrid grid = ((Patches) modalities.get(key)).grid();
        long[] all = ids(key);
        boolean[] known = known(key);
        int count = places.length / batch;
        for (int i = 0; i < places.length; i++) {
            int at = i / count * grid.cells() + (int) places[i];
            all[at] = ids[i];
            known[at] = true;
        }
        modalities.put(key, new Patches(grid, all, known));
    }

    /** Replaces a text by what was found, of each sample as long as it is. */
    void knowText(String key, long[][] found) {
        int length = 0;
        for (long[] each : found) {
            length = Math.max(length, each.length);
        }
        long[] ids = new long[batch * length];
        boolean[] hidden = new boolean[batch * length];
        for (int sample = 0; sample < batch; sample++) {
            for (int i = 0; i < length; i++) {
                hidden[sample * length + i] = i >= found[sample].length;
                ids[sample * length + i] = i < found[sample].length ? found[sample][i] : PAD;
            }
        }
        modalities.put(key, new Text(length, ids, hidden, 0));
    }

    /**
     * The numbers of a modality.
     *
     * @param key of a target
     * @return [B, N] row-major of patches along the rows, or [B, L] of a text, 0 behind its end; a copy
     * @throws ArgumentException if there is no such target
     */
    public long[] ids(String key) {
        return switch (modalities.get(key)) {
            case Patches patches -> patches.ids().clone();
            case Text text -> text.ids().clone();
            case null -> throw unknown(key);
            case Given _ -> throw unknown(key);
        };
    }

    /**
     * Which tokens of an image are known.
     *
     * @param key of a target
     * @return [B, N] row-major; a copy
     * @throws ArgumentException if there is no such target
     */
    public boolean[] known(String key) {
        if (modalities.get(key) instanceof Patches patches) {
            return patches.known().clone();
        }
        throw unknown(key);
    }

    /** Which places of a text have no token, [B, L]. */
    boolean[] hidden(String key) {
        if (modalities.get(key) instanceof Text text) {
            return text.hidden().clone();
        }
        throw unknown(key);
    }

    private ArgumentException unknown(String key) {
        return new ArgumentException("nothing is generated of " + key + "; known are "
                + String.join(", ", modalities.keySet()));
    }

    /** What is known now, on which the further course has no effect. */
    GenerationState copy() {
        GenerationState copy = new GenerationState(batch);
        copy.modalities.putAll(modalities);
        return copy;
    }
}
