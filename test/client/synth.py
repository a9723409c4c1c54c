"""Synthetic clips: planes from a formula, and files of them.

A frame is a list of planes, a plane a list of rows, a row a list of samples. A pair of frames is (reference,
distorted). Planes of subsampled chroma round up, as in files.
"""
import functools
import struct

LUMA_ONLY = 400


def mix(n):
    """A 32-bit integer hash."""
    n &= 0xFFFFFFFF
    n ^= n >> 16
    n = n * 0x7FEB352D & 0xFFFFFFFF
    n ^= n >> 15
    n = n * 0x846CA68B & 0xFFFFFFFF
    return n ^ n >> 16


def wave(a):
    a %= 256
    return a if a < 128 else 255 - a


def plane_sizes(w, h, layout):
    """(width, height) of each plane of a 400, 411, 420, 422 or 444 frame."""
    if layout == LUMA_ONLY:
        return [(w, h)]
    cw = {411: (w + 3) // 4, 420: (w + 1) // 2, 422: (w + 1) // 2, 444: w}[layout]
    ch = (h + 1) // 2 if layout == 420 else h
    return [(w, h), (cw, ch), (cw, ch)]


def flat_sample(x, y, p, t):
    edge = 40 if ((x + 2 * t) // 24 + y // 16) % 3 == 0 else 0
    return 16 + wave(3 * x + 5 * t + 40 * p) * 3 // 4 + wave(2 * y + 251 * t + 17 * p) // 2 + edge


def rows_of(w, h, p, t, bits):
    """The reference and distorted plane p of frame t."""
    ref, dis = [], []
    for y in range(h):
        flat = [flat_sample(x, y, p, t) for x in range(w)]
        keys = [x + y * 8192 + t * 67108864 + p * 16777619 for x in range(w)]
        r = [min(255, flat[x] + mix(keys[x]) % 13) for x in range(w)]
        d = [min(255, (flat[max(x - 1, 0)] + 2 * flat[x] + flat[min(x + 1, w - 1)] + 2) // 4 // 6 * 6
                 + mix(7 + keys[x]) % 5) for x in range(w)]
        if bits > 8:
            extra = 1 << bits - 8
            low = [mix(99 + k) % extra for k in keys]
            r = [v * extra + e for v, e in zip(r, low)]
            d = [v * extra + e for v, e in zip(d, low)]
        ref.append(r)
        dis.append(d)
    return ref, dis


@functools.lru_cache(maxsize=None)
def clip(w, h, layout=420, bits=8, frames=3):
    """(reference frames, distorted frames)."""
    ref, dis = [], []
    for t in range(frames):
        planes = [rows_of(pw, ph, p, t, bits) for p, (pw, ph) in enumerate(plane_sizes(w, h, layout))]
        ref.append([r for r, _ in planes])
        dis.append([d for _, d in planes])
    return ref, dis


def frame_bytes(frame, bits):
    """A frame as it is in a file: 16-bit little-endian words over 8 bits."""
    samples = [v for plane in frame for row in plane for v in row]
    return bytes(samples) if bits == 8 else struct.pack(f"<{len(samples)}H", *samples)


def raw_bytes(frames, bits=8):
    return b"".join(frame_bytes(f, bits) for f in frames)


def y4m_header(w, h, colour="420jpeg", tags="F25:1 Ip A1:1"):
    return f"YUV4MPEG2 W{w} H{h} {tags} C{colour}\n".encode()


def y4m_bytes(frames, header, bits=8):
    return header + b"".join(b"FRAME\n" + frame_bytes(f, bits) for f in frames)


def crop(plane, w, h):
    return [row[:w] for row in plane[:h]]


def library_planes(frame, w, h, layout):
    """The planes that the library sees: chroma sizes round down."""
    cw = w if layout == 444 else w // 2
    ch = h // 2 if layout == 420 else h
    return [frame[0]] + [crop(p, cw, ch) for p in frame[1:]]
