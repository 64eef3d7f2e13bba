// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.ShapeException;
import java.util.Arrays;
import java.util.Objects;

/**
 * Which day slots do not exist, upstream's {@code padded_days_mask} [B, M, T]: day 30 of February, or days that the
 * input has no time step for.
 */
public final class PaddedDays {
    private final int batch;
    private final int months;
    private final int days;
    private final boolean[] padded;
    private final int hash;

    /**
     * A mask of day slots.
     *
     * @param batch B
     * @param months M
     * @param days T
     * @param padded [B, M, T] row-major, true = the slot does not exist; copied
     * @throws ShapeException if the array does not have B M T elements
     */
    public PaddedDays(int batch, int months, int days, boolean[] padded) {
        long wanted = (long) batch * months * days;
        if (padded.length != wanted) {
            throw new ShapeException("padded days of shape [" + batch + ", " + months + ", " + days + "] need " + wanted
                    + " elements, got " + padded.length);
        }
        this.batch = batch;
        this.months = months;
        this.days = days;
        this.padded = padded.clone();
        this.hash = Arrays.hashCode(padded);
    }

    int batch() {
        return batch;
    }

    int months() {
        return months;
    }

    int days() {
        return days;
    }

    boolean[] values() {
        return padded.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other == this || other instanceof PaddedDays that && batch == that.batch && months == that.months
                && days == that.days && Arrays.equals(padded, that.padded);
    }

    @Override
    public int hashCode() {
        return Objects.hash(batch, months, days, hash);
    }

    /** The same by temporal patches: one is padded if all its days are. */
    PaddedDays byPatches(int daysPerPatch) {
        if (daysPerPatch == 1) {
            return this;
        }
        boolean[] patches = new boolean[padded.length / daysPerPatch];
        Arrays.fill(patches, true);
        for (int i = 0; i < padded.length; i++) {
            patches[i / daysPerPatch] &= padded[i];
        }
        return new PaddedDays(batch, months, days / daysPerPatch, patches);
    }

    /** Index b * M + m of the first month whose days are all padded, or -1. */
    int firstEmptyMonth() {
        for (int month = 0; month < batch * months; month++) {
            boolean empty = true;
            for (int day = 0; day < days && empty; day++) {
                empty = padded[month * days + day];
            }
            if (empty) {
                return month;
            }
        }
        return -1;
    }
}
