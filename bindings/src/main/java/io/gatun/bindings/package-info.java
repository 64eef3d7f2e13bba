// SPDX-License-Identifier: Apache-2.0

/** Finds, verifies and loads {@code libgatun.so}, once per JVM. */
package io.gatun.bindings;
