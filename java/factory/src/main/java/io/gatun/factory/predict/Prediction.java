// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.predict;

import io.gatun.core.ArgumentException;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import io.gatun.factory.Task;
import java.util.BitSet;

/**
 * What a model gives for one scene. For one thread at a time.
 */
public final class Prediction {
    private final Task task;
    private final int classes;
    private final int height;
    private final int width;
    private final float[] output;
    private final BitSet missing;

    private Prediction(Task task, int classes, int height, int width, float[] output, BitSet missing) {
        this.task = task;
        this.classes = classes;
        this.height = height;
        this.width = width;
        this.output = output;
        this.missing = missing;
    }

    static Prediction of(Task task, Tensor output, int height, int width, BitSet missing) {
        Shape shape = output.shape();
        int rank = shape.rank();
        boolean map = task != Task.CLASSIFICATION;
        int classes = task == Task.REGRESSION || map && rank == 3 ? 1 : Math.toIntExact(shape.dim(1));
        int rows = map ? Math.toIntExact(shape.dim(rank - 2)) : 1;
        int columns = map ? Math.toIntExact(shape.dim(rank - 1)) : 1;
        if (classes * (long) rows * columns != shape.numElements()) {
            throw new ArgumentException("the model gives " + shape + " for one scene, expected one number for each"
                    + " pixel in regression. Correct the head.");
        }
        // Only maps on the scene's own pixels know which of them have no value.
        boolean same = map && rows == height && columns == width;
        return new Prediction(task, classes, rows, columns, output.toFloatArray(), same ? missing : new BitSet());
    }

    /**
     * The model's task.
     *
     * @return what it was built for
     */
    public Task task() {
        return task;
    }

    /**
     * Number of classes.
     *
     * @return 1 in regression
     */
    public int classes() {
        return classes;
    }

    /**
     * Rows of the maps.
     *
     * @return those of the scene, unless the model does not rescale; 1 in classification
     */
    public int height() {
        return height;
    }

    /**
     * Columns of the maps.
     *
     * @return likewise
     */
    public int width() {
        return width;
    }

    /**
     * Whether a pixel had no value in one of the bands that the model saw. What stands there comes from a replacement.
     *
     * @param pixel row by row
     * @return true where it had none
     */
    public boolean isMissing(int pixel) {
        return missing.get(pixel);
    }

    /**
     * What the model gives: logits, or the values of regression.
     *
     * @return [classes, height, width], row-major; a fresh array
     */
    public float[] logits() {
        return output.clone();
    }

    /**
     * Softmax of the logits over the classes.
     *
     * @return [classes, height, width], row-major; a fresh array
     */
    public float[] probabilities() {
        requireClasses("probabilities");
        int pixels = height * width;
        float[] result = new float[output.length];
        for (int i = 0; i < pixels; i++) {
            double largest = output[i];
            for (int c = 1; c < classes; c++) {
                largest = Math.max(largest, output[c * pixels + i]);
            }
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                sum += Math.exp(output[c * pixels + i] - largest);
            }
            for (int c = 0; c < classes; c++) {
                result[c * pixels + i] = (float) (Math.exp(output[c * pixels + i] - largest) / sum);
            }
        }
        return result;
    }

    /**
     * The class of the largest logit; of equal ones the first.
     *
     * @return [height, width], row-major; a fresh array
     */
    public int[] labels() {
        requireClasses("a class");
        int pixels = height * width;
        int[] result = new int[pixels];
        for (int c = 1; c < classes; c++) {
            for (int i = 0; i < pixels; i++) {
                if (output[c * pixels + i] > output[result[i] * pixels + i]) {
                    result[i] = c;
                }
            }
        }
        return result;
    }

    private void requireClasses(String what) {
        if (classes < 2) {
            throw new ArgumentException(what + " of a single output says nothing (num_classes is 1). Ask for logits:"
                    + " output_on_inference: logits.");
        }
    }
}
