// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Which devices this process can use, and the exact reason where one cannot be used. {@link #toString()} is meant to
 * be read: one line a device.
 *
 * @param entries one for each kind of device
 */
public record DeviceReport(List<Entry> entries) {
    /**
     * One device.
     *
     * @param device its name, as {@link Device#of(String)} takes it
     * @param usable whether it could be opened
     * @param detail what it is, or why it cannot be used
     */
    public record Entry(String device, boolean usable, String detail) {}

    /** Copies the list. */
    public DeviceReport {
        entries = List.copyOf(entries);
    }

    @Override
    public String toString() {
        return entries.stream()
                .map(entry -> entry.device() + (entry.usable() ? ": " : ": not usable: ") + entry.detail())
                .collect(Collectors.joining(System.lineSeparator()));
    }
}
