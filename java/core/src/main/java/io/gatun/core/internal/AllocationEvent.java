// SPDX-License-Identifier: Apache-2.0
package io.gatun.core.internal;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;

/** A buffer taken from a device's allocator. Off unless a recording asks for it. */
@Name("io.gatun.Allocation")
@Label("Device Allocation")
@Description("A buffer taken from the allocator of a device")
@Category("Gatun")
@Enabled(false)
final class AllocationEvent extends Event {
    @Label("Size")
    @DataAmount
    long bytes;
}
