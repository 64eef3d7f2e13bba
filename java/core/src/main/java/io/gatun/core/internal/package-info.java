// SPDX-License-Identifier: Apache-2.0
/**
 * Native handles and who may free them when. Not exported.
 *
 * <p>A {@link io.gatun.core.internal.Resource} (buffer, packed weights or graph) is closed when its last tensor or its
 * scope is closed: from then on no new call may use it. It is freed when, besides, no scope has work queued that reads
 * it: a scope pins what it borrows from elsewhere until it has waited for its stream. Locks are taken in the order
 * scope, graph, device service stream, resource.
 */
package io.gatun.core.internal;
