// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Tokens of several modalities behind each other, and which of them are hidden. Closing it closes the tokens. */
final class TokenRows implements AutoCloseable {
    private final int batch;
    private final List<Tensor> pieces = new ArrayList<>();
    private final List<Optional<boolean[]>> masks = new ArrayList<>();

    TokenRows(int batch) {
        this.batch = batch;
    }

    int batch() {
        return batch;
    }

    /** Tokens [B, N, E], or [1, N, E] that are the same for all samples; [B, N] true for those that are hidden. */
    void add(Tensor tokens, Optional<boolean[]> hidden) {
        pieces.add(tokens);
        masks.add(hidden);
    }

    private int length() {
        return Math.toIntExact(pieces.stream().mapToLong(piece -> piece.dim(1)).sum());
    }

    /** [B, N] of all tokens. */
    boolean[] hidden() {
        int length = length();
        boolean[] all = new boolean[batch * length];
        int first = 0;
        for (int i = 0; i < pieces.size(); i++) {
            int own = (int) pieces.get(i).dim(1);
            if (masks.get(i).isPresent()) {
                for (int sample = 0; sample < batch; sample++) {
                    System.arraycopy(masks.get(i).get(), sample * own, all, sample * length + first, own);
                }
            }
            first += own;
        }
        return all;
    }

    /** The kept tokens [B, K, E], hidden ones zero; [1, K, E] where all are kept and those of all samples the same. */
    Tensor select(Scope scope, TokenSelection kept) {
        int length = length();
        boolean whole = kept.count() == length && kept.all();
        if (whole && pieces.size() == 1) {
            Tensor only = pieces.getFirst();
            return only.isDense() ? only.reshape(only.shape().toArray()) : Kernels.copy(scope, only);
        }
        boolean same = whole && pieces.stream().allMatch(piece -> piece.dim(0) == 1);
        long samples = same ? 1 : batch;
        try (Tensor rows = rows(scope, samples, length)) {
            if (whole) {
                try (Tensor tokens = rows.slice(0, 0, samples * length)) {
                    return tokens.reshape(samples, length, -1);
                }
            }
            try (Tensor ids = scope.of(kept.rows(), batch, kept.count())) {
                return Kernels.takeRows(scope, rows, ids);
            }
        }
    }

    /** [samples N + 1, E], the last row zero. */
    private Tensor rows(Scope scope, long samples, int length) {
        long embed = pieces.getFirst().dim(2);
        Tensor rows = scope.empty(DType.F32, samples * length + 1, embed);
        try (Tensor last = rows.slice(0, samples * length, samples * length + 1);
                Tensor tokens = rows.slice(0, 0, samples * length);
                Tensor all = tokens.reshape(samples, length, embed)) {
            Kernels.fill(scope, last, 0);
            long first = 0;
            for (Tensor piece : pieces) {
                try (Tensor place = all.slice(1, first, first + piece.dim(1));
                        Tensor each = piece.expand(samples, piece.dim(1), embed)) {
                    Kernels.copy(scope, each, place);
                }
                first += piece.dim(1);
            }
        }
        return rows;
    }

    @Override
    public void close() {
        pieces.forEach(Tensor::close);
    }
}
