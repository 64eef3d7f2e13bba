// SPDX-License-Identifier: Apache-2.0
/**
 * Gridded data in NetCDF files: reading NetCDF-4 (HDF5) and NetCDF classic, writing NetCDF classic.
 *
 * <p>{@link io.gatun.data.netcdf.NetcdfFile} opens a file and lists its {@linkplain io.gatun.data.netcdf.GridVariable
 * variables}, which unpack their values as the CF conventions say; {@link io.gatun.data.netcdf.TimeAxis} turns a CF
 * time coordinate into dates; {@link io.gatun.data.netcdf.NetcdfWriter} writes a file beside its target and moves it
 * into place when it is complete.
 */
package io.gatun.data.netcdf;
