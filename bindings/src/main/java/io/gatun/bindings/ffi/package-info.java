// SPDX-License-Identifier: Apache-2.0

/**
 * Generated from {@code gatun.h} by jextract; never edited. {@code bindings/README.md} says how to regenerate.
 *
 * <p>Call {@link io.gatun.bindings.NativeLibrary#load()} before the first native call.
 */
package io.gatun.bindings.ffi;
