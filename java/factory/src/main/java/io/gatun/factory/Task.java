// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.ArgumentException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a model is for. */
public enum Task {
    /** A class for each pixel. */
    SEGMENTATION,
    /** A number for each pixel. */
    REGRESSION,
    /** A class for each image. */
    CLASSIFICATION;

    /**
     * A task by upstream's name, in any letter case.
     *
     * @param name segmentation, regression or classification
     * @return the task
     * @throws ArgumentException if there is none of this name
     */
    public static Task of(String name) {
        return Arrays.stream(values()).filter(task -> task.name().equalsIgnoreCase(name)).findFirst()
                .orElseThrow(() -> new ArgumentException("Task " + name + " not supported. Please choose one of "
                        + Arrays.stream(values()).map(Task::lowerCase).collect(Collectors.joining(", "))));
    }

    String lowerCase() {
        return name().toLowerCase(Locale.ROOT);
    }
}
