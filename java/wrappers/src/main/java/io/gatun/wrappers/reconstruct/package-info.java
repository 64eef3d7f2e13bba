// SPDX-License-Identifier: Apache-2.0
/**
 * Monthly maps from gappy daily NetCDF: {@link io.gatun.wrappers.reconstruct.MonthlyReconstruction} takes
 * {@link io.gatun.wrappers.reconstruct.DailyFiles} and gives {@link io.gatun.wrappers.reconstruct.MonthlyMaps}.
 */
package io.gatun.wrappers.reconstruct;
