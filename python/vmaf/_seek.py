"""Where decoding can begin in compressed video so that every frame is the one that decoding from the start gives."""
from __future__ import annotations

import functools
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

#: A key frame of these resets the decoder.
_KEY_FRAMES_RESET = {"av1", "dnxhd", "ffv1", "ffvhuff", "huffyuv", "mjpeg", "prores", "rawvideo", "utvideo", "v210", "vp8", "vp9"}
#: Of these only some do: NAL unit types of instantaneous decoder refreshes.
_REFRESH = {"h264": {5}, "hevc": {19, 20}}
#: Containers that know where their key frames are; in others seeking is a guess.
_INDEXED = {"matroska", "mov"}
_START_CODE = re.compile(rb"\x00\x00\x01")


@dataclass(frozen=True)
class FrameIndex:
    """All frames of a stream, from its packets.

    Attributes:
        times: presentation time of each frame, ascending; None if packets do not tell.
        entries: numbers of frames at which decoding can begin.
        packets: how many there are.
    """

    times: tuple[int, ...] | None
    entries: tuple[int, ...]
    packets: int

    @property
    def usable(self) -> bool:
        return self.times is not None and self.entries[:1] == (0,)

    def entry(self, frame: int) -> int:
        """The last entry at or before a frame."""
        return self.entries[bisect_right(self.entries, frame) - 1]


def _nal_types(data: bytes, extra: bytes, codec: str) -> set[int]:
    """Types of the NAL units of a packet, which are marked by start codes, or, if the extra data say so, by lengths."""
    starts: list[int] = []
    if extra[:1] == b"\x01":
        size = (extra[4 if codec == "h264" else 21] & 3) + 1
        position = 0
        while position + size < len(data):
            starts.append(position + size)
            position += size + int.from_bytes(data[position:position + size], "big")
    else:
        starts = [m.end() for m in _START_CODE.finditer(data) if m.end() < len(data)]
    return {data[s] & 31 if codec == "h264" else data[s] >> 1 & 63 for s in starts}


def _resets(packet: Any, codec: str, extra: bytes) -> bool:
    if codec in _KEY_FRAMES_RESET:
        return True
    return codec in _REFRESH and bool(_nal_types(bytes(packet), extra, codec) & _REFRESH[codec])


def make_index(container: Any, stream: Any) -> FrameIndex:
    """Reads all packets of a stream, and decodes none."""
    indexed = container.format.name.split(",")[0] in _INDEXED
    codec, extra = stream.codec_context.name, bytes(stream.codec_context.extradata or b"")
    times: list[int | None] = []
    candidates: list[int] = []
    for packet in container.demux(stream):
        if not packet.size or packet.is_discard:
            continue
        if indexed and packet.is_keyframe and _resets(packet, codec, extra):
            candidates.append(len(times))
        times.append(packet.pts)
    known = [t for t in times if t is not None]
    if len(known) < len(times) or len(set(known)) < len(known):
        return FrameIndex(None, (), len(times))
    # An entry has all that is decoded before it shown before it, and all after it after it: its number is its place.
    earliest_after = known + [0]
    for i in range(len(known) - 2, -1, -1):
        earliest_after[i] = min(known[i], earliest_after[i + 1])
    entries, latest_before = [], None
    wanted = set(candidates)
    for i, time in enumerate(known):
        if i in wanted and earliest_after[i] == time and (latest_before is None or latest_before < time):
            entries.append(i)
        latest_before = time if latest_before is None else max(latest_before, time)
    return FrameIndex(tuple(sorted(known)), tuple(entries), len(times))


@functools.lru_cache(maxsize=16)
def cached_index(path: str, size: int, mtime: int) -> FrameIndex:
    """The index of a file's first video stream, for as long as the file does not change."""
    import av
    with av.open(path) as container:
        return make_index(container, container.streams.video[0])
