// SPDX-License-Identifier: Apache-2.0
/** Backbones for single dates, run on series of dates. */
package io.gatun.wrappers.temporal;
