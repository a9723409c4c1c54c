"""Everything that FFmpeg decodes, through PyAV."""
from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from ._format import VideoFormat
from ._library import InputError
from ._planes import Plane
from ._seek import FrameIndex, cached_index
from ._source import SeekError, Source

_PLANAR = re.compile(r"(?:yuvj?(420|422|444)p|(gray))(?:(9|10|12|14|16)le)?")


class VideoFile(Source):
    """The first video stream of a file, decoded in order from the beginning or, if it is seekable, from an entry point."""

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

    def count_frames(self) -> int | None:
        return self._index().packets

    def _index(self) -> FrameIndex:
        try:
            status = os.stat(self.path)
            return cached_index(self.path, status.st_size, status.st_mtime_ns)
        except self._av.error.FFmpegError as e:
            raise InputError(f"{self.path}: {e.strerror}", e.errno) from None

    def frames(self, start: int = 0) -> Iterator[tuple[Plane, ...]]:
        index = self._index() if self.seekable else None
        for i, frame in self._announced(index, start) if index and index.usable else self._decoded():
            if i >= start:
                yield self._planes(frame, i)

    def _announced(self, index: FrameIndex, start: int) -> Iterator[tuple[int, Any]]:
        """Frames from an entry on, each at the time that the index has for it. Raises SeekError."""
        assert index.times
        if start >= len(index.times):
            return
        entry = index.entry(start)
        i = entry
        for _, frame in self._decoded(index.times[entry] if entry else None, entry):
            if frame.pts is not None and frame.pts < index.times[entry]:
                continue  # decoding began at an earlier key frame
            if i >= len(index.times) or frame.pts != index.times[i]:
                raise SeekError(f"{self.path}: frame {i} is not where its packet says")
            yield i, frame
            i += 1
        if i < len(index.times):
            raise SeekError(f"{self.path}: {i} frames, but {len(index.times)} packets")

    def _decoded(self, time: int | None = None, first: int = 0) -> Iterator[tuple[int, Any]]:
        """Frames in order, from the last key frame at or before a time; the first is counted as `first`."""
        i = first
        with self._open() as container:
            try:
                stream = container.streams.video[0]
                if time is not None:
                    container.seek(time, stream=stream)
                for frame in container.decode(stream):
                    yield i, frame
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
