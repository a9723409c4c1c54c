"""Videos in files: Y4M and raw planes as they lie in the file, everything else through PyAV."""
from __future__ import annotations

import mmap
import os
import re
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Union

import numpy as np

from ._format import VideoFormat
from ._library import InputError
from ._planes import Plane

MAX_HEADER = 4096
MAX_FRAME_HEADER = 86
_COLOURS = re.compile(r"(420jpeg|420mpeg2|420|422|444alpha|444|mono)(?:p?(9|1[0-6]))?")


class SeekError(InputError):
    """The frames that were decoded are not those that the packets announced."""


class Source(ABC):
    """A video that can be read from any frame on.

    Attributes:
        path: names it in messages.
        format: as the library sees it.
        frame_count: how many frames it has as far as is known before reading, or None.
        seekable: begin decoding near the frame that is asked for, where that gives the same frames; what does not turn out as expected
            raises SeekError. Without it, decode from the beginning.
    """

    path: str
    format: VideoFormat
    frame_count: int | None = None
    seekable: bool = False

    def count_frames(self) -> int | None:
        """How many frames there are, from a look at the whole file if need be."""
        return self.frame_count

    @abstractmethod
    def frames(self, start: int = 0) -> Iterator[tuple[Plane, ...]]:
        """The planes of frame start and those after it, never written to again. Raises InputError."""

    def close(self) -> None:
        """Nothing is read any more; planes stay valid."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class RawVideo:
    """A file of planes without headers: Y, Cb, Cr of each frame; 16-bit little-endian words over 8 bits.

    Chroma sizes round up, as in all such files.
    """

    path: str | os.PathLike[str]
    width: int
    height: int
    pixel_format: str = "420"
    bit_depth: int = 8
    frame_rate: Fraction | None = None


VideoLike = Union[str, "os.PathLike[str]", RawVideo, Source]


def open_video(video: VideoLike) -> Source:
    """Opens a video: a path, a RawVideo, or a Source, which is returned as it is.

    Y4M files and raw video need nothing else; other files need PyAV (pip install 'vmaf-turbo[video]').
    Raises InputError for what cannot be opened.
    """
    if isinstance(video, Source):
        return video
    if isinstance(video, RawVideo):
        return _RawFile(video)
    path = os.fspath(video)
    if _begins(path).startswith(b"YUV4MPEG"):
        return _Y4mFile(path)
    if path.endswith(".y4m"):
        raise InputError(f"{path}: not a Y4M file (it does not begin with YUV4MPEG)")
    if path.endswith((".yuv", ".raw")):
        raise InputError(f"{path}: raw video needs its size; pass vmaf.RawVideo({path!r}, width=..., height=...)")
    from ._video import VideoFile
    return VideoFile(path)


def _begins(path: str) -> bytes:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise InputError(f"{path}: not a file; pipes and devices are for the vmaf tool")
        with open(path, "rb") as f:
            return f.read(10)
    except OSError as e:
        raise InputError(f"{path}: {e.strerror}", e.errno) from None


class _PlaneFile(Source):
    """Frames of one size in a mapped file."""

    def __init__(self, path: str, fmt: VideoFormat, shapes: list[tuple[int, int]], data: mmap.mmap | bytes,
                 grey_chroma: bool = False) -> None:
        self.path, self.format, self._data = path, fmt, data
        self._size = len(data)
        self._shapes = shapes  # of the planes that are in the file and wanted
        self._dtype = np.dtype("u1") if fmt.bit_depth == 8 else np.dtype("<u2")
        self._grey: tuple[Plane, ...] = ()
        if grey_chroma:
            self._grey = tuple(np.full(s, 1 << fmt.bit_depth - 1, dtype=fmt.dtype) for s in fmt.shapes[1:])

    def _planes(self, position: int) -> tuple[Plane, ...]:
        planes = []
        for rows, columns in self._shapes:
            plane = np.frombuffer(self._data, self._dtype, rows * columns, position).reshape(rows, columns)
            if self._dtype.itemsize == 2 and (position % 2 or not self._dtype.isnative):
                plane = plane.astype(np.uint16)  # the library reads words at even addresses
            planes.append(plane)
            position += rows * columns * self._dtype.itemsize
        return (*planes, *self._grey)

    def close(self) -> None:
        self._data = b""  # the mapping goes with the last plane


def _map(path: str) -> mmap.mmap | bytes:
    try:
        with open(path, "rb") as f:
            return mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) if os.fstat(f.fileno()).st_size else b""
    except OSError as e:
        raise InputError(f"{path}: {e.strerror}", e.errno) from None


def _bytes(shapes: list[tuple[int, int]], bit_depth: int) -> int:
    return sum(rows * columns for rows, columns in shapes) * (1 if bit_depth == 8 else 2)


class _RawFile(_PlaneFile):
    def __init__(self, video: RawVideo) -> None:
        path = os.fspath(video.path)
        _begins(path)
        fmt = VideoFormat(video.width, video.height, video.pixel_format, video.bit_depth, video.frame_rate)
        super().__init__(path, fmt, fmt.file_shapes, _map(path))
        self._step = _bytes(fmt.file_shapes, fmt.bit_depth)
        self.frame_count = self._size // self._step

    def frames(self, start: int = 0) -> Iterator[tuple[Plane, ...]]:
        count = self._size // self._step
        for i in range(start, count):
            yield self._planes(i * self._step)
        if self._size % self._step:
            raise InputError(f"{self.path}: the file ends inside frame {count}")


class _Y4mFile(_PlaneFile):
    def __init__(self, path: str) -> None:
        data = _map(path)
        end = data[:MAX_HEADER].find(b"\n")
        if end < 0:
            raise InputError(f"{path}: the Y4M header does not end")
        self._first = end + 1
        fmt, colour = _y4m_format(path, data[:end].decode("ascii", "replace"))
        shapes = fmt.file_shapes[:1] if colour == "mono" else fmt.file_shapes
        super().__init__(path, fmt, shapes, data, grey_chroma=colour == "mono")
        self._step = _bytes(shapes + shapes[:1] if colour == "444alpha" else shapes, fmt.bit_depth)
        # Frame headers without parameters all the way is what everybody writes.
        whole, rest = divmod(self._size - self._first, self._step + 6)
        self._uniform = not rest and self._header(self._first) == 6
        self.frame_count = whole

    def _header(self, position: int) -> int | None:
        """Length of the frame header there; None at the end of the file, 0 for no header."""
        line = self._data[position:position + MAX_FRAME_HEADER]
        if len(line) < 6:
            return None
        return line.find(b"\n") + 1 if line.startswith(b"FRAME") else 0

    def _start(self, frame: int) -> tuple[int, int]:
        """A frame to begin with, at or before the wanted one, and where its header is."""
        if self._uniform:
            position = self._first + frame * (self._step + 6)
            if self._header(position) in (6, None):
                return frame, position
        return 0, self._first

    def frames(self, start: int = 0) -> Iterator[tuple[Plane, ...]]:
        i, position = self._start(start)
        while (header := self._header(position)) is not None:
            if not header:
                raise InputError(f"{self.path}: frame {i}: lost framing: no FRAME where a frame should begin")
            position += header
            if position + self._step > self._size:
                raise InputError(f"{self.path}: the file ends inside frame {i}")
            if i >= start:
                yield self._planes(position)
            position += self._step
            i += 1


def _y4m_format(path: str, header: str) -> tuple[VideoFormat, str]:
    """Format and colour tag of a Y4M header."""
    tags = {t[0]: t[1:] for t in header.split(" ")[1:] if t}
    for needed in "WHF":
        if needed not in tags:
            raise InputError(f"{path}: the Y4M header has no {needed} tag")
    if tags.get("I", "p") not in ("p", "?"):
        raise InputError(f"{path}: interlaced video (Y4M tag I{tags['I']}) is not supported")
    colour = tags.get("C", "420")
    match = _COLOURS.fullmatch(colour)
    if not match or (match[2] and match[1] in ("420jpeg", "420mpeg2", "444alpha")) or \
            (match[2] and "p" not in colour and match[1] != "mono"):
        raise InputError(f"{path}: Y4M colour format {colour} is not supported here; the vmaf tool may read it")
    layout = "420" if match[1] == "mono" else match[1][:3]
    rate = re.fullmatch(r"(\d+):(\d+)", tags["F"])
    try:
        if not rate:
            raise ValueError(f"malformed Y4M tag F{tags['F']} (expected n:d)")
        known = int(rate[1]) and int(rate[2])
        return VideoFormat(int(tags["W"]), int(tags["H"]), layout, int(match[2] or 8),
                           Fraction(int(rate[1]), int(rate[2])) if known else None), match[1]
    except ValueError as e:
        raise InputError(f"{path}: {e}") from None
