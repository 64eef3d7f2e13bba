// SPDX-License-Identifier: Apache-2.0
/** Coordinates: {@link io.gatun.data.crs.Crs} converts between degrees and the metres of the UTM zones. */
package io.gatun.data.crs;
