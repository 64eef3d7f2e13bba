// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.core.Device;
import io.gatun.core.DeviceMemoryException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.data.scene.TargetGrid;
import io.gatun.data.window.WindowAxis;
import io.gatun.wrappers.reconstruct.ProgressListener;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Generates a scene of any size in square windows. Neighbours overlap, and where they do, their values and the
 * probabilities of their classes are blended with smooth weights. Memory holds one row of windows. An input has a value
 * in a pixel where all of its bands have one; pixels in which no input has a value get none, windows without any are
 * skipped.
 */
public final class SceneGeneration {
    /** What the sides of windows are multiples of: patches of tokens, and halvings of the network that denoises. */
    public static final int STEP = 32;

    /**
     * How a scene is cut.
     *
     * @param window side of a window in pixels, a multiple of {@link #STEP}
     * @param overlap pixels that neighbours share at least
     * @param batch windows that are generated at a time, at most; without effect on the result
     */
    public record Options(int window, int overlap, int batch) {
        /**
         * Checks the numbers.
         *
         * @throws ArgumentException if one is out of range
         */
        public Options {
            if (window < STEP || window % STEP != 0 || overlap < 0 || overlap >= window || batch < 1) {
                throw new ArgumentException("windows of " + window + " pixels that overlap by " + overlap + ", "
                        + batch + " at a time; expected a multiple of " + STEP + ", less overlap than that, and at"
                        + " least one");
            }
        }
    }

    private final WindowGenerator generator;
    private final Device device;
    private final WindowAxis rows;
    private final WindowAxis columns;
    private final InputWindows windows;
    private final int batch;
    private final Map<String, BlendedRows> blended = new LinkedHashMap<>();
    private final boolean[] missing;
    private final List<Pending> pending = new ArrayList<>();
    private final Set<String> used = new HashSet<>();

    /** A window that waits for its batch. */
    private record Pending(InputWindows.Window window, int row, int column) {}

    private SceneGeneration(List<SceneInput> inputs, WindowGenerator generator, Device device, Options options) {
        TargetGrid pixels = inputs.getFirst().raster().pixels();
        this.generator = generator;
        this.device = device;
        this.batch = options.batch();
        rows = new WindowAxis(pixels.height(), options.window(), options.overlap(), false);
        columns = new WindowAxis(pixels.width(), options.window(), options.overlap(), false);
        windows = new InputWindows(List.copyOf(inputs), pixels, rows, columns);
        missing = new boolean[Math.min(options.window(), pixels.height()) * pixels.width()];
        Arrays.fill(missing, true);
        generator.outputs().forEach(output ->
                blended.put(output.name(), new BlendedRows(output.bands().size(), rows, columns)));
    }

    /**
     * Generates a scene.
     *
     * @param inputs its modalities; pixels are those of the first, onto which the others are resampled
     * @param generator makes windows
     * @param device where it computes
     * @param options how the scene is cut
     * @param sink takes the rows as they become complete
     * @param progress hears of windows
     * @return modalities of inputs that have no value in any window
     * @throws ArgumentException if there is no input, or the generator refuses values
     * @throws DataException if an input cannot be read or lies elsewhere, or none has a value anywhere
     * @throws DeviceMemoryException if a batch does not fit into the device's memory
     * @throws InterruptedRunException if the thread is interrupted
     */
    public static List<String> run(List<SceneInput> inputs, WindowGenerator generator, Device device,
            Options options, GeneratedRows sink, ProgressListener progress) {
        SceneInput.requireOnePlace(inputs);
        SceneGeneration generation = new SceneGeneration(inputs, generator, device, options);
        generation.run(sink, progress);
        return inputs.stream().map(SceneInput::modality).filter(name -> !generation.used.contains(name)).toList();
    }

    private void run(GeneratedRows sink, ProgressListener progress) {
        long total = (long) rows.count() * columns.count();
        long empty = 0;
        for (int row = 0; row < rows.count(); row++) {
            for (int column = 0; column < columns.count(); column++) {
                InterruptedRunException.throwIfInterrupted("generation was interrupted at window "
                        + (row * columns.count() + column + 1) + " of " + total + "; start it again");
                InputWindows.Window window = windows.read(row, column);
                if (window.images().isEmpty()) {
                    empty++;
                } else {
                    add(new Pending(window, row, column));
                }
                progress.progress("generating", (long) row * columns.count() + column - pending.size() + 1, total);
            }
            flush();
            int done = (row + 1 < rows.count() ? rows.start(row + 1) : rows.extent()) - rows.start(row);
            emit(rows.start(row), done, sink);
        }
        if (empty == total) {
            throw new DataException(windows.inputs() + ": no pixel has a value in all bands of a modality."
                    + " Choose another scene.");
        }
        progress.progress("generated", total, total);
    }

    /** Windows of one batch follow each other and have the same modalities. */
    private void add(Pending next) {
        if (!pending.isEmpty()) {
            InputWindows.Window last = pending.getLast().window();
            if (pending.size() == batch || last.number() + 1 != next.window().number()
                    || !last.images().keySet().equals(next.window().images().keySet())) {
                flush();
            }
        }
        pending.add(next);
        used.addAll(next.window().images().keySet());
    }

    private void flush() {
        if (pending.isEmpty()) {
            return;
        }
        int side = rows.window();
        InputWindows.Window first = pending.getFirst().window();
        try (Scope scope = Scope.open(device)) {
            SequencedMap<String, Tensor> images = new LinkedHashMap<>();
            first.images().forEach((modality, image) ->
                    images.put(modality, scope.of(joined(modality), pending.size(), image.length / (side * side), side,
                            side)));
            Map<String, Tensor> made = generator.generate(scope, images, first.number());
            for (WindowGenerator.Output output : generator.outputs()) {
                blend(output, made.get(output.name()));
            }
        } catch (DeviceMemoryException e) {
            throw new DeviceMemoryException(pending.size() + " windows of " + side + " x " + side + " pixels do not fit"
                    + " into the memory of " + device.name() + ". Take fewer at a time (--batch), or smaller ones ("
                    + e.getMessage() + ")", e);
        } catch (ArgumentException e) {
            throw new ArgumentException(place() + ": " + e.getMessage(), e);
        }
        pending.forEach(this::mark);
        pending.clear();
    }

    /** Where the windows of a batch are: they follow each other in a row. */
    private String place() {
        Pending first = pending.getFirst();
        int side = rows.window();
        int top = rows.start(first.row());
        int left = columns.start(first.column());
        int bottom = Math.min(top + side, rows.extent()) - 1;
        int right = Math.min(columns.start(pending.getLast().column()) + side, columns.extent()) - 1;
        return "rows " + top + " to " + bottom + " and columns " + left + " to " + right + " of "
                + windows.inputs().stream().filter(input -> first.window().images().containsKey(input.modality()))
                        .map(SceneInput::toString).collect(Collectors.joining(", "));
    }

    private float[] joined(String modality) {
        int size = pending.getFirst().window().images().get(modality).length;
        float[] all = new float[Math.multiplyExact(size, pending.size())];
        for (int i = 0; i < pending.size(); i++) {
            System.arraycopy(pending.get(i).window().images().get(modality), 0, all, i * size, size);
        }
        return all;
    }

    private void blend(WindowGenerator.Output output, Tensor made) {
        int side = rows.window();
        int channels = output.bands().size();
        long[] expected = {pending.size(), channels, side, side};
        if (!Arrays.equals(made.shape().toArray(), expected)) {
            throw new ShapeException("the generator gives " + made.shape() + " as " + output.name() + ", expected "
                    + Arrays.toString(expected) + ": " + output.bands());
        }
        float[] values = made.toFloatArray();
        int size = channels * side * side;
        for (int i = 0; i < pending.size(); i++) {
            if (output.classes()) {
                toProbabilities(values, i * size, channels, side * side);
            }
            blended.get(output.name()).add(
                    rows, pending.get(i).row(), columns, pending.get(i).column(), values, i * size);
        }
    }

    private static void toProbabilities(float[] scores, int from, int classes, int pixels) {
        for (int i = from; i < from + pixels; i++) {
            double largest = scores[i];
            for (int c = 1; c < classes; c++) {
                largest = Math.max(largest, scores[i + c * pixels]);
            }
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                sum += Math.exp(scores[i + c * pixels] - largest);
            }
            for (int c = 0; c < classes; c++) {
                scores[i + c * pixels] = (float) (Math.exp(scores[i + c * pixels] - largest) / sum);
            }
        }
    }

    /** Pixels of a window in which an input has a value. */
    private void mark(Pending done) {
        int side = rows.window();
        for (int i = 0; i < side * side; i++) {
            int column = columns.cell(done.column(), i % side);
            if (column >= 0 && i / side < rows.extent() && !done.window().missing()[i]) {
                missing[i / side * columns.extent() + column] = false;
            }
        }
    }

    private void emit(int firstRow, int count, GeneratedRows sink) {
        int pixels = count * columns.extent();
        for (WindowGenerator.Output output : generator.outputs()) {
            float[] values = blended.get(output.name()).take(count);
            for (int i = 0; i < values.length; i++) {
                if (missing[i % pixels]) {
                    values[i] = Float.NaN;
                }
            }
            sink.accept(output, firstRow, count, values);
        }
        System.arraycopy(missing, pixels, missing, 0, missing.length - pixels);
        Arrays.fill(missing, missing.length - pixels, missing.length, true);
    }
}
