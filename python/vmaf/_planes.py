"""Pictures of numpy planes, lent to the library without a copy."""
from __future__ import annotations

import ctypes
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ._format import PIX_FMT, VideoFormat
from ._library import Log, Release, VmafPicture, VmafTurboPlanes, lib

Plane = npt.NDArray[Any]
Planes = Sequence[Any]  # of arrays, or of objects with the buffer protocol and two dimensions

_NAMES = ("luma", "Cb", "Cr")
_keys = itertools.count(1)
_owners: dict[int, "Loans"] = {}


class Loans:
    """The planes that the library holds, kept alive until it releases them."""

    def __init__(self) -> None:
        self.planes: dict[int, tuple[Plane, ...]] = {}

    def lend(self, context: ctypes.c_void_p, fmt: VideoFormat, arrays: tuple[Plane, ...], log: Log) -> VmafPicture:
        planes = VmafTurboPlanes(memory=0, pix_fmt=PIX_FMT[fmt.pixel_format], bpc=fmt.bit_depth, w=fmt.width, h=fmt.height,
                                 release=on_release)
        for i, array in enumerate(arrays):
            planes.data[i] = array.ctypes.data
            # numpy says anything about the rows of a plane of one row
            planes.stride[i] = array.strides[0] if array.shape[0] > 1 else array.shape[1] * array.itemsize
        planes.user = key = next(_keys)
        self.planes[key] = arrays
        _owners[key] = self
        picture = VmafPicture()
        log.check(lib.vmaf_turbo_lend_planes(context, planes, picture), "cannot take the planes")
        return picture


def _on_release(key: int) -> None:
    owner = _owners.pop(key)
    del owner.planes[key]


on_release = Release(_on_release)


def check_planes(planes: Planes, fmt: VideoFormat, which: str, copy: bool) -> tuple[Plane, ...]:
    """The planes as arrays that can be lent: of the right number, type and size, samples of a row side by side.

    Chroma planes may have the column or row more that files have where a size is odd; it is left out.
    Raises TypeError or ValueError, which name the plane.
    """
    shapes, file_shapes = fmt.shapes, fmt.file_shapes
    if len(planes) != len(shapes):
        raise ValueError(f"{which}: {len(planes)} planes, but {fmt.pixel_format} has {len(shapes)}")
    return tuple(_check(p, fmt, shapes[i], file_shapes[i], f"{which}, {_NAMES[i]}", copy) for i, p in enumerate(planes))


def _check(plane: Any, fmt: VideoFormat, shape: tuple[int, int], file_shape: tuple[int, int], name: str,
           copy: bool) -> Plane:
    array = as_array(plane, name)
    dtype = np.dtype(fmt.dtype)
    if array.dtype != dtype:
        raise TypeError(f"{name}: samples are {array.dtype}, but {fmt.bit_depth} bits need {dtype}"
                        + ("" if array.dtype.isnative else " in native byte order"))
    if array.ndim != 2 or not all(s in (a, b) for s, a, b in zip(array.shape, shape, file_shape)):
        raise ValueError(f"{name}: shape {array.shape}, expected {shape} (rows, columns)")
    array = array[:shape[0], :shape[1]]
    if copy or 0 in shape:
        return array.copy()
    if shape[1] > 1 and array.strides[1] != array.itemsize:
        raise ValueError(f"{name}: the samples of a row must lie side by side, here they are {array.strides[1]} bytes apart; "
                         "pass numpy.ascontiguousarray(plane), or copy=True")
    if shape[0] > 1 and array.strides[0] < shape[1] * array.itemsize:
        raise ValueError(f"{name}: rows are {array.strides[0]} bytes apart, less than a row is long; "
                         "pass numpy.ascontiguousarray(plane), or copy=True")
    if array.itemsize == 2 and (array.ctypes.data % 2 or (shape[0] > 1 and array.strides[0] % 2)):
        raise ValueError(f"{name}: 16-bit samples must lie at even addresses; pass copy=True")
    return array


def as_array(plane: Any, name: str) -> Plane:
    """An array over the plane's own memory; what has none, such as a list, is a TypeError."""
    if isinstance(plane, np.ndarray):
        return plane
    try:
        return np.asarray(memoryview(plane))
    except TypeError:
        raise TypeError(f"{name}: {type(plane).__name__} is neither a numpy array nor a buffer") from None


def guess_format(planes: Planes, bit_depth: int | None, pixel_format: str | None) -> VideoFormat:
    """The format of the first picture, from its planes."""
    arrays = [as_array(p, "reference") for p in planes]
    if not arrays or any(a.ndim != 2 for a in arrays):
        raise ValueError("a picture is a sequence of one or three planes of two dimensions (rows, columns)")
    if bit_depth is None:
        if arrays[0].dtype != np.uint8:
            raise ValueError(f"samples are {arrays[0].dtype}: say how many bits they use, with bit_depth=")
        bit_depth = 8
    rows, columns = arrays[0].shape
    if pixel_format is None:
        found = [f for f in ("444", "422", "420") if len(arrays) == 3
                 and arrays[1].shape in (VideoFormat(columns, rows, f).shapes[1], VideoFormat(columns, rows, f).file_shapes[1])]
        if len(arrays) == 1:
            found = ["400"]
        if not found:
            raise ValueError(f"planes of {', '.join(str(a.shape) for a in arrays)} are none of {', '.join(PIX_FMT)}")
        pixel_format = found[0]
    return VideoFormat(columns, rows, pixel_format, bit_depth)
