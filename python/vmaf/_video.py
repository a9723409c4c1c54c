"""Everything that FFmpeg decodes, through PyAV."""
from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from ._format import VideoFormat
from ._library import InputError
from ._planes import Plane
from ._source import Source

_PLANAR = re.compile(r"(?:yuvj?(420|422|444)p|(gray))(?:(9|10|12|14|16)le)?")


class VideoFile(Source):
    """The first video stream of a file. Frames are decoded in order; an earlier start costs less than a later one."""

    def __init__(self, path: str) -> None:
        try:
            import av
        except ImportError:
            raise InputError(f"{path}: not Y4M; other files need PyAV: pip install 'vmaf-turbo[video]'") from None
        self._av = av
        self.path = path
        with self._open() as container:
            stream = container.streams.video[0]
            context = stream.codec_context
            self.format = self._format(context.width, context.height, context.pix_fmt, stream.average_rate)
            self._pixels = context.pix_fmt
            self.frame_count = stream.frames or None
        self._grey: tuple[Plane, ...] = ()
        if self._pixels.startswith("gray"):
            self._grey = tuple(np.full(s, 1 << self.format.bit_depth - 1, dtype=self.format.dtype)
                               for s in self.format.shapes[1:])

    def _open(self) -> Any:
        try:
            container = self._av.open(self.path)
        except self._av.error.FFmpegError as e:
            raise InputError(f"{self.path}: {e.strerror}", e.errno) from None
        if not container.streams.video:
            container.close()
            raise InputError(f"{self.path}: no video stream")
        container.streams.video[0].thread_type = "AUTO"
        return container

    def _format(self, width: int, height: int, pixels: str | None, rate: Fraction | None) -> VideoFormat:
        match = _PLANAR.fullmatch(pixels or "")
        if not match:
            raise InputError(f"{self.path}: pixel format {pixels or 'unknown'} cannot be scored; convert it to planar YUV, such as "
                             "yuv420p, first")
        try:
            return VideoFormat(width, height, match[1] or "420", int(match[3] or 8), rate or None)
        except ValueError as e:
            raise InputError(f"{self.path}: {e}") from None

    def frames(self, start: int = 0) -> Iterator[tuple[Plane, ...]]:
        i = 0
        with self._open() as container:
            try:
                for frame in container.decode(video=0):
                    if i >= start:
                        yield self._planes(frame, i)
                    i += 1
            except self._av.error.FFmpegError as e:
                raise InputError(f"{self.path}: frame {i}: {e.strerror}", e.errno) from None

    def _planes(self, frame: Any, i: int) -> tuple[Plane, ...]:
        if (frame.format.name, frame.width, frame.height) != (self._pixels, self.format.width, self.format.height):
            raise InputError(f"{self.path}: frame {i}: changes to {frame.width}x{frame.height}, {frame.format.name}")
        planes: list[Plane] = []
        for plane, (rows, columns) in zip(frame.planes, self.format.file_shapes):
            samples = np.frombuffer(plane, self.format.dtype)  # keeps the decoded frame alive
            planes.append(samples.reshape(-1, plane.line_size // samples.itemsize)[:rows, :columns])
        return (*planes[:1 if self._grey else 3], *self._grey)
