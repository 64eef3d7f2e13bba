// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.cli.plot.ModalityLayer;
import io.gatun.cli.plot.ModalityPicture;
import io.gatun.core.DataException;
import io.gatun.core.Device;
import io.gatun.data.scene.TargetGrid;
import io.gatun.wrappers.generate.GeneratedFiles;
import io.gatun.wrappers.generate.GeneratedRows;
import io.gatun.wrappers.generate.SceneGeneration;
import io.gatun.wrappers.generate.SceneInput;
import io.gatun.wrappers.generate.SceneModality;
import io.gatun.wrappers.generate.WindowGenerator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Function;

/**
 * From scenes to generated files and a picture.
 *
 * @param scenes by modality; the pixels are those of the first
 * @param folder of the files
 * @param picture of inputs and outputs
 * @param cut how the scene is cut
 * @param standardised whether values are standardised, and have no units
 */
record GenerationJob(SequencedMap<String, Path> scenes, Path folder, Optional<Path> picture,
        SceneGeneration.Options cut, boolean standardised) {
    /** Pixels of a picture's panel, at most. */
    private static final int PANEL = 480;
    private static final double TRAINED_METRES = 10;
    /** Times as large, or as small, that a pixel is far from those of the training. */
    private static final double FAR = 1.5;

    /**
     * What came out.
     *
     * @param written files
     * @param notes what the user may not want
     */
    record Result(List<Path> written, List<String> notes) {}

    /** Opens the scenes, to find what is wrong with them before anything is computed. */
    void requireScenes() {
        withScenes(inputs -> {
            SceneInput.requireOnePlace(inputs);
            try {
                inputs.getFirst().raster().pixels().requireStraight();
            } catch (DataException e) {
                throw new DataException(inputs.getFirst().raster() + ": " + e.getMessage(), e);
            }
            return true;
        });
    }

    private <T> T withScenes(Function<List<SceneInput>, T> use) {
        List<SceneInput> inputs = new ArrayList<>();
        try {
            scenes.forEach((modality, path) -> inputs.add(SceneModality.of(modality).open(path)));
            return use.apply(inputs);
        } finally {
            inputs.forEach(input -> input.raster().close());
        }
    }

    /** Generates; the history is that of the files. */
    Result run(WindowGenerator generator, Device device, String history, Progress progress) {
        return withScenes(inputs -> {
            TargetGrid pixels = inputs.getFirst().raster().pixels();
            Preview preview = new Preview(pixels, pixels.shrunk(PANEL));
            List<Path> written = new ArrayList<>();
            List<String> notes = new ArrayList<>();
            double metres = pixels.rowMetres();
            if (Math.max(metres / TRAINED_METRES, TRAINED_METRES / metres) > FAR) {
                notes.add("pixels are " + (float) metres + " m high; TerraMind was trained with pixels of 10 m, and"
                        + " generates worse on others. Resample the scene, for example with gdalwarp -tr.");
            }
            try (GeneratedFiles files = GeneratedFiles.create(folder, generator.outputs(), pixels, history)) {
                GeneratedRows sink = picture.isEmpty() ? files : (output, first, rows, values) -> {
                    preview.accept(output, first, rows, values);
                    files.accept(output, first, rows, values);
                };
                SceneGeneration.run(inputs, generator, device, cut, sink, progress).forEach(modality ->
                        notes.add("the input " + modality + ", " + scenes.get(modality) + ", has no value on the pixels"
                                + " of the first and was not used"));
                files.commit();
                generator.outputs().forEach(output -> written.add(GeneratedFiles.path(folder, output.name())));
            }
            picture.ifPresent(target -> {
                draw(target, inputs, preview);
                written.add(target);
            });
            return new Result(written, notes);
        });
    }

    private void draw(Path target, List<SceneInput> inputs, Preview preview) {
        List<ModalityLayer> layers = new ArrayList<>();
        for (SceneInput input : inputs) {
            List<String> all = SceneModality.of(input.modality()).bands();
            List<String> drawn = input.classes() ? all : ModalityLayer.drawn(all);
            int[] places = input.classes() ? new int[1] : drawn.stream().mapToInt(all::indexOf).toArray();
            layers.add(new ModalityLayer(input.modality(), false, drawn, input.raster().preview(preview.few, places),
                    input.classes(), standardised));
        }
        preview.layers.forEach((output, values) ->
                layers.add(new ModalityLayer(output.name(), true, output.bands(), values, output.classes(),
                        standardised)));
        ModalityPicture.write(
                target, "Generated modalities", layers, preview.few.height(), preview.few.width());
    }

    /** Of the rows that pass, the pixels that a picture shows. */
    private static final class Preview implements GeneratedRows {
        private final TargetGrid all;
        private final TargetGrid few;
        private final Map<WindowGenerator.Output, float[]> layers = new LinkedHashMap<>();

        Preview(TargetGrid all, TargetGrid few) {
            this.all = all;
            this.few = few;
        }

        @Override
        public void accept(WindowGenerator.Output output, int firstRow, int rows, float[] values) {
            int planes = output.classes() ? 1 : output.bands().size();
            float[] kept = layers.computeIfAbsent(output, _ -> new float[planes * few.height() * few.width()]);
            byte[] labels = output.classes() ? GeneratedFiles.labels(values, rows * all.width()) : new byte[0];
            for (int y = 0; y < few.height(); y++) {
                int row = (int) ((y + 0.5) * all.height() / few.height()) - firstRow;
                for (int x = 0; x < few.width() && row >= 0 && row < rows; x++) {
                    int from = row * all.width() + (int) ((x + 0.5) * all.width() / few.width());
                    for (int plane = 0; plane < planes; plane++) {
                        kept[(plane * few.height() + y) * few.width() + x] = output.classes() ? labels[from]
                                : values[plane * rows * all.width() + from];
                    }
                }
            }
        }
    }
}
