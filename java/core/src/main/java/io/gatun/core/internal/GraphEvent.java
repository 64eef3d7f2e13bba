// SPDX-License-Identifier: Apache-2.0
package io.gatun.core.internal;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Work that was recorded as a graph. */
@Name("io.gatun.GraphRecording")
@Label("Graph Recording")
@Description("Work was recorded as a graph for replay")
@Category("Gatun")
@StackTrace(false)
public final class GraphEvent extends Event {
    @Label("Device")
    public String device;

    @Label("Result shape")
    public String resultShape;
}
