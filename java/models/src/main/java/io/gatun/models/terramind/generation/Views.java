// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.models.terramind.TerraMindContext;
import io.gatun.models.terramind.TerraMindEncoderDecoder;
import io.gatun.models.terramind.TerraMindEncoderDecoder.Visible;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The contexts of views, each made again when what it shows has changed. */
final class Views implements AutoCloseable {
    private record Entry(Map<String, GenerationState.Known> shown, TerraMindContext context) {}

    private final TerraMindEncoderDecoder model;
    private final Scope scope;
    private final Map<View, Entry> entries = new HashMap<>();

    Views(TerraMindEncoderDecoder model, Scope scope) {
        this.model = model;
        this.scope = scope;
    }

    TerraMindContext context(View view) {
        Map<String, GenerationState.Known> shown = shown(view.state());
        Entry entry = entries.get(view);
        if (entry == null || !entry.shown().equals(shown)) {
            if (entry != null) {
                entries.remove(view);
                entry.context().close();
            }
            entry = new Entry(shown, encoded(view));
            entries.put(view, entry);
        }
        return entry.context();
    }

    /** Gives the contexts of all other views back. */
    void keep(Set<View> wanted) {
        entries.entrySet().removeIf(each -> {
            boolean gone = !wanted.contains(each.getKey());
            if (gone) {
                each.getValue().context().close();
            }
            return gone;
        });
    }

    /** What the encoder has an embedding for; the rest does not count. */
    private Map<String, GenerationState.Known> shown(GenerationState state) {
        Map<String, GenerationState.Known> shown = new HashMap<>(state.modalities());
        shown.keySet().retainAll(model.config().inputs().keySet());
        return shown;
    }

    private TerraMindContext encoded(View view) {
        GenerationState state = view.state();
        List<Visible> visible = new ArrayList<>();
        List<Tensor> made = new ArrayList<>();
        try {
            state.modalities().forEach((key, known) -> {
                if (model.config().inputs().containsKey(key)) {
                    visible(key, known, view.hidden().contains(key), state.batch(), made).ifPresent(visible::add);
                }
            });
            return model.context(scope, state.batch(), visible);
        } finally {
            made.forEach(Tensor::close);
        }
    }

    private Optional<Visible> visible(
            String key, GenerationState.Known known, boolean hidden, int batch, List<Tensor> made) {
        return switch (known) {
            case GenerationState.Given given ->
                    hidden ? Optional.empty() : Optional.of(new Visible(key, given.tensor(), Optional.empty()));
            case GenerationState.Patches patches -> {
                boolean[] unknown = inverted(patches.known());
                if (hidden || all(unknown)) {
                    yield Optional.empty();
                }
                Tensor ids = scope.of(patches.ids(), batch, patches.grid().height(), patches.grid().width());
                made.add(ids);
                yield Optional.of(new Visible(
                        key, ids, all(patches.known()) ? Optional.empty() : Optional.of(unknown)));
            }
            case GenerationState.Text text -> {
                // Without the text there is the token alone with which one begins.
                long[] numbers = new long[batch];
                Arrays.fill(numbers, GenerationState.BEGIN);
                if (text.length() == 0) {
                    yield Optional.empty();
                }
                Tensor ids = hidden ? scope.of(numbers, batch, 1) : scope.of(text.ids(), batch, text.length());
                made.add(ids);
                yield Optional.of(new Visible(key, ids, hidden ? Optional.empty() : Optional.of(text.hidden())));
            }
        };
    }

    private static boolean[] inverted(boolean[] values) {
        boolean[] inverted = new boolean[values.length];
        for (int i = 0; i < values.length; i++) {
            inverted[i] = !values[i];
        }
        return inverted;
    }

    static boolean all(boolean[] values) {
        for (boolean value : values) {
            if (!value) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        entries.values().forEach(entry -> entry.context().close());
        entries.clear();
    }
}
