# SPDX-License-Identifier: Apache-2.0
"""Writes the small files beside this script with the NetCDF C library (Debian: python3-netcdf4, python3-h5py).

Run it only to change them: the tests state the values by hand.
"""
import os

import h5py
import netCDF4
import numpy

os.chdir(os.path.dirname(os.path.abspath(__file__)))

def classic(path, file_format):
    """Two record variables that alternate, odd sizes that need padding, a scalar, text, every attribute type."""
    with netCDF4.Dataset(path, "w", format=file_format) as f:
        f.title = "classic, with records"
        f.setncattr("empty", "")
        f.createDimension("time", None)
        f.createDimension("x", 3)
        f.createDimension("name", 5)
        time = f.createVariable("time", "f8", ("time",))
        time.units = "hours since 2000-02-28 12:00:00"
        flags = f.createVariable("flags", "i1", ("time", "x"))
        flags.valid_range = numpy.array([0, 100], "i1")
        packed = f.createVariable("packed", "i2", ("time", "x"), fill_value=-9)
        packed.scale_factor = numpy.float32(0.5)
        packed.add_offset = numpy.float64(100)
        packed.missing_value = numpy.array([-8, -7], "i2")
        label = f.createVariable("label", "S1", ("x", "name"))
        scalar = f.createVariable("scalar", "i4", ())
        fixed = f.createVariable("fixed", "f4", ("x",))
        fixed.numbers = numpy.array([1.5, 2.5], "f4")
        fixed.integer = numpy.int32(-7)
        packed.set_auto_maskandscale(False)
        flags.set_auto_maskandscale(False)
        time[:] = [0, 36, 36.5, 60]
        flags[:] = numpy.array([[1, 2, 3], [4, 5, 101], [-1, 8, 9], [10, 11, 12]], "i1")
        packed[:] = numpy.array([[-9, -8, -7], [-6, 0, 7], [1, 2, 3], [4, 5, 32767]], "i2")
        label[:] = netCDF4.stringtochar(numpy.array(["one", "two", "three"], "S5"))
        scalar[...] = 42
        fixed[:] = [0.25, netCDF4.default_fillvals["f4"], numpy.nan]


def single_record(path):
    """One record variable only: its records are not padded."""
    with netCDF4.Dataset(path, "w", format="NETCDF3_CLASSIC") as f:
        f.createDimension("time", None)
        f.createDimension("x", 3)
        f.createVariable("count", "i1", ("time", "x"))[:] = numpy.arange(15, dtype="i1").reshape(5, 3)


def data64(path):
    """The types that only CDF-5 and NetCDF-4 have."""
    with netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_DATA") as f:
        all_types(f)


def all_types(f):
    f.createDimension("x", 3)
    for name, values in {
        "i1": [-128, 0, 127], "u1": [0, 1, 254], "i2": [-32768, 0, 32767], "u2": [0, 1, 65534],
        "i4": [-(2**31), 0, 2**31 - 1], "u4": [0, 1, 2**32 - 2], "i8": [-(2**53), 0, 2**53], "u8": [0, 1, 2**63],
        "f4": [-0.5, 0, 1e30], "f8": [-0.5, 0, 1e300],
    }.items():
        variable = f.createVariable("v_" + name, name, ("x",))
        variable.sample = numpy.array(values, name)
        variable[:] = numpy.array(values, name)


def netcdf4(path):
    """Groups, big-endian data, chunks never written, partial chunks, text, an unlimited dimension."""
    with netCDF4.Dataset(path, "w", format="NETCDF4") as f:
        f.title = "NetCDF-4 corners"
        all_types(f)
        f.createDimension("time", None)
        f.createDimension("lat", 5)
        f.createDimension("lon", 7)
        sparse = f.createVariable("sparse", ">i2", ("time", "lat", "lon"), fill_value=-1, zlib=True, shuffle=True,
                                  chunksizes=(2, 3, 4), endian="big")
        sparse.scale_factor = 0.5
        sparse.set_auto_maskandscale(False)
        # Steps 0 to 4 of the south-west corner, and step 6 as a whole; the other chunks stay unwritten.
        sparse[0:5, 0:3, 0:4] = numpy.arange(60, dtype="i2").reshape(5, 3, 4)
        sparse[6, :, :] = 1000 + numpy.arange(35, dtype="i2").reshape(5, 7)
        f.createVariable("never", "f4", ("lat",), fill_value=7.0)
        f.createVariable("big", ">f8", ("lat",), endian="big")[:] = numpy.arange(5) / 4
        text = f.createVariable("text", str, ("lat",))
        text[0] = "a string"
        f.createVariable("letters", "S1", ("lat",))[:] = numpy.array(list("hello"), "S1")
        group = f.createGroup("group")
        group.createDimension("inner", 2)
        group.createVariable("values", "i4", ("inner", "lat"))[:] = numpy.arange(10).reshape(2, 5)
        two = f.createVariable("lat", "f8", ("lat", "lon"))
        two[:] = numpy.arange(35).reshape(5, 7)


def plain_hdf5(path):
    """HDF5 without dimension scales, with a user block before the signature, and compact storage."""
    with h5py.File(path, "w", userblock_size=512) as f:
        f.create_dataset("a", data=numpy.arange(6, dtype="f4").reshape(2, 3))
        f.create_dataset("b", data=numpy.arange(12, dtype="i4").reshape(2, 3, 2), chunks=(1, 2, 2), fletcher32=True)
        f.create_dataset("half", data=numpy.arange(2, dtype="f2"))
        compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        compact.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((4,))
        h5py.h5d.create(f.id, b"compact", h5py.h5t.STD_I16BE, space, compact).write(
            h5py.h5s.ALL, h5py.h5s.ALL, numpy.array([1, -2, 3, -4], "i2"))


def unknown_filter(path):
    """A chunked data set whose compression (Zstandard) only a plug-in knows."""
    with h5py.File(path, "w") as f:
        chunks = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        chunks.set_chunk((2,))
        chunks.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
        space = h5py.h5s.create_simple((4,))
        h5py.h5d.create(f.id, b"v", h5py.h5t.STD_I16LE, space, chunks).write(
            h5py.h5s.ALL, h5py.h5s.ALL, numpy.arange(4, dtype="i2"))


classic("cdf1.nc", "NETCDF3_CLASSIC")
classic("cdf2.nc", "NETCDF3_64BIT_OFFSET")
single_record("single_record.nc")
data64("cdf5.nc")
netcdf4("corners.nc")
plain_hdf5("plain_hdf5.h5")
unknown_filter("unknown_filter.h5")
