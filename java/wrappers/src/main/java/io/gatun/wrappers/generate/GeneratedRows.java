// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

/** Takes the rows of a scene that are complete. */
@FunctionalInterface
public interface GeneratedRows {
    /**
     * Rows of one output, from the first to the last without a gap.
     *
     * @param output what they are of
     * @param firstRow of the scene
     * @param rows how many
     * @param values [C, rows, columns] of values, or of the classes' probabilities; NaN where no input has a value
     */
    void accept(WindowGenerator.Output output, int firstRow, int rows, float[] values);
}
