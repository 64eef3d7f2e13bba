// SPDX-License-Identifier: Apache-2.0
/**
 * The foundation: a {@link io.gatun.core.Device} computes, a {@link io.gatun.core.Scope} owns the
 * {@link io.gatun.core.Tensor}s of one piece of work, {@link io.gatun.core.Kernels} are the operations, and a
 * {@link io.gatun.core.StateDict} hands out the weights of a {@link io.gatun.core.Checkpoint} by name.
 *
 * <p>Memory rules. Native code only ever sees memory that Gatun owns; arrays and segments of the caller are copied in
 * and out. Closing is explicit and idempotent; using what is closed is an {@link java.lang.IllegalStateException}.
 * What was forgotten is reported as a leak, and then freed, when the garbage collector finds it. No sequence of calls,
 * from however many threads, crashes the JVM.
 *
 * <p>Axes are written outermost first, {@code [B, H, W, C]}; "dense" means row-major without gaps.
 */
package io.gatun.core;
