// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

/**
 * A named axis of a NetCDF file.
 *
 * @param name its name; {@code phony_dim_N} where the file has none
 * @param length number of steps, at least 0
 * @param unlimited whether the file lets it grow
 */
public record NetcdfDimension(String name, long length, boolean unlimited) {}
