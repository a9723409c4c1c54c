"""What the tool's input makes of a file, sample by sample."""
import struct
import subprocess

import synth
from tool import DUMP

FORMATS = {420: 1, 422: 2, 444: 3}


def read(path, layout, w, h, bits=8, depth=0, raw=None):
    """The frames that the tool's input makes of a file, as lists of flat planes; the format must be as given."""
    p = subprocess.run([DUMP, path, str(depth), *map(str, raw or [])], capture_output=True, check=False)
    assert p.returncode == 0, p.stderr
    head, data = p.stdout.split(b"\n", 1)
    assert head.split() == [str(v).encode() for v in (w, h, FORMATS[layout], bits)]
    depth = depth or bits
    cw, ch = w if layout == 444 else w // 2, h // 2 if layout == 420 else h
    sizes = [w * h, cw * ch, cw * ch]
    samples = data if depth == 8 else struct.unpack(f"<{len(data) // 2}H", data)
    assert len(samples) % sum(sizes) == 0
    frames, at = [], 0
    while at < len(samples):
        planes = []
        for size in sizes:
            planes.append(list(samples[at:at + size]))
            at += size
        frames.append(planes)
    return frames


def flat(frames, w, h, layout, up=0):
    """The same from the samples that went into the file, shifted left by `up` bits."""
    return [[[v << up for row in plane for v in row] for plane in synth.library_planes(f, w, h, layout)]
            for f in frames]
