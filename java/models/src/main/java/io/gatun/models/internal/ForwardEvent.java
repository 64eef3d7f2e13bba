// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.internal;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight-recorder event of one forward pass; its duration is that of queueing, not of the device's work. */
@Name("io.gatun.Forward")
@Label("Forward pass")
@Category("Gatun")
@Description("A model's forward pass was queued")
@StackTrace(false)
public final class ForwardEvent extends Event {
    /** Class name of the model. */
    @Label("Model")
    public String model;

    /** Shape of the main input. */
    @Label("Input shape")
    public String inputShape;

    /** Name of the device. */
    @Label("Device")
    public String device;

    /** Whether a recorded graph was replayed. */
    @Label("Replayed")
    public boolean replayed;

    /** An event that has not begun. */
    public ForwardEvent() {}
}
