"""Inputs: Y4M and raw video, chroma layouts, odd sizes, headers (spec: cli-and-output 3)."""
import pytest

import synth
from frames import flat, read
from tool import SETUP_ERROR, USAGE_ERROR, fails, ok, run, scores

SIZES = [(64, 48), (35, 37), (34, 17), (17, 18), (1, 1), (2, 3), (5, 2), (7, 1)]


# --- the chroma filters of old 8-bit files, as formulas ---------------------------------------------------------


def filtered(line, taps, before):
    n = len(line)
    sums = [sum(t * line[min(max(x + k - before, 0), n - 1)] for k, t in enumerate(taps)) for x in range(n)]
    return [min(max((s + 64) >> 7, 0), 255) for s in sums]


FORWARD = (4, -17, 114, 35, -9, 1)


def from_paldv(plane, is_cr):
    rows = [filtered(row, FORWARD, 2) for row in plane]
    taps, before = (FORWARD, 2) if is_cr else (FORWARD[::-1], 3)
    columns = [filtered(list(c), taps, before) for c in zip(*rows)]
    return [list(r) for r in zip(*columns)]


def from_411(plane, width):
    out = []
    for row in plane:
        even = filtered(row, (1, 110, 18, -1), 1)
        odd = filtered(row, (-3, 50, 86, -5), 1)
        out.append([v for pair in zip(even, odd) for v in pair][:width])
    return out


# --- what becomes of each layout --------------------------------------------------------------------------------


@pytest.mark.parametrize("w,h", SIZES)
@pytest.mark.parametrize("colour", ["420", "420jpeg", "420mpeg2", "422", "444", "420p9", "420p10", "420p12", "420p14",
                                    "420p16", "422p10", "422p16", "444p12", "444p16"])
def test_planar_y4m(tmp_path, colour, w, h):
    layout = int(colour[:3])
    bits = int(colour[4:]) if colour[3:4] == "p" and colour[4:].isdigit() else 8
    ref, _ = synth.clip(w, h, layout, bits)
    (tmp_path / "a").write_bytes(synth.y4m_bytes(ref, synth.y4m_header(w, h, colour), bits))
    assert read(tmp_path / "a", layout, w, h, bits) == flat(ref, w, h, layout)


@pytest.mark.parametrize("w,h", SIZES)
@pytest.mark.parametrize("bits", [8, 10, 12, 16, 9, 14])
@pytest.mark.parametrize("layout", [420, 422, 444])
def test_raw(tmp_path, layout, bits, w, h):
    ref, _ = synth.clip(w, h, layout, bits)
    (tmp_path / "a").write_bytes(synth.raw_bytes(ref, bits))
    assert read(tmp_path / "a", layout, w, h, bits, raw=(w, h, layout, bits)) == flat(ref, w, h, layout)


@pytest.mark.parametrize("bits", [8, 9, 10, 12, 14, 16])
def test_luma_only_is_420_with_grey_chroma(tmp_path, bits):
    w, h = 35, 37
    ref, _ = synth.clip(w, h, synth.LUMA_ONLY, bits)
    want = flat([frame + [[[1 << bits - 1] * 18] * 19] * 2 for frame in ref], w, h, 420)
    (tmp_path / "a").write_bytes(synth.y4m_bytes(ref, synth.y4m_header(w, h, "mono" if bits == 8 else f"mono{bits}"),
                                                 bits))
    assert read(tmp_path / "a", 420, w, h, bits) == want
    (tmp_path / "b").write_bytes(synth.raw_bytes(ref, bits))
    assert read(tmp_path / "b", 420, w, h, bits, raw=(w, h, 400, bits)) == want


def test_alpha_is_dropped(tmp_path):
    w, h = 35, 37
    ref, dis = synth.clip(w, h, 444)
    with_alpha = [frame + [other[0]] for frame, other in zip(ref, dis)]
    (tmp_path / "a").write_bytes(synth.y4m_bytes(with_alpha, synth.y4m_header(w, h, "444alpha")))
    assert read(tmp_path / "a", 444, w, h) == flat(ref, w, h, 444)


@pytest.mark.parametrize("w,h", SIZES)
def test_paldv_chroma_is_moved(tmp_path, w, h):
    ref, _ = synth.clip(w, h, 420)
    (tmp_path / "a").write_bytes(synth.y4m_bytes(ref, synth.y4m_header(w, h, "420paldv")))
    moved = [[f[0], from_paldv(f[1], False), from_paldv(f[2], True)] for f in ref]
    assert read(tmp_path / "a", 420, w, h) == flat(moved, w, h, 420)


@pytest.mark.parametrize("w,h", SIZES)
def test_411_becomes_422(tmp_path, w, h):
    ref, _ = synth.clip(w, h, 411)
    (tmp_path / "a").write_bytes(synth.y4m_bytes(ref, synth.y4m_header(w, h, "411")))
    wide = [[f[0]] + [from_411(p, (w + 1) // 2) for p in f[1:]] for f in ref]
    assert read(tmp_path / "a", 422, w, h) == flat(wide, w, h, 422)


@pytest.mark.parametrize("bits,depth", [(8, 10), (8, 16), (10, 12), (9, 16)])
@pytest.mark.parametrize("layout", [420, 444])
def test_deeper_pictures_shift_samples_left(tmp_path, layout, bits, depth):
    w, h = 35, 37
    ref, _ = synth.clip(w, h, layout, bits)
    shifted = [[[[v << depth - bits for v in row] for row in plane] for plane in frame] for frame in ref]
    (tmp_path / "a").write_bytes(synth.raw_bytes(ref, bits))
    assert read(tmp_path / "a", layout, w, h, bits, depth, (w, h, layout, bits)) == flat(shifted, w, h, layout)
    (tmp_path / "b").write_bytes(synth.y4m_bytes([f[:1] for f in ref], synth.y4m_header(
        w, h, "mono" if bits == 8 else f"mono{bits}"), bits))
    grey = [[f[0]] + [[[1 << depth - 1] * 18] * 19] * 2 for f in shifted]
    assert read(tmp_path / "b", 420, w, h, bits, depth) == flat(grey, w, h, 420)


# --- Y4M headers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tags", ["F25:1 Ip", "Ip F30000:1001 A0:0", "  F25:1   Ip  ", "F25:1 Ip XYSCSS=420JPEG Xany",
                                  "F1:1 F25:1 Ip", "W1 H1 F25:1 Ip A1:1", "Ip F0:0", "F25:1 Ip C444p10 C420",
                                  "F25:1 Ip X" + "x" * 1000])
def test_unusual_headers(tmp_path, tags):
    ref, _ = synth.clip(34, 17)
    (tmp_path / "a").write_bytes(synth.y4m_bytes(ref, f"YUV4MPEG2 {tags} W34 H17\n".encode()))
    assert read(tmp_path / "a", 420, 34, 17) == flat(ref, 34, 17, 420)


def test_frame_headers_with_parameters(tmp_path):
    ref, _ = synth.clip(34, 17)
    ends = b" Ip XA=1\n", b"\n", b" " + b"x" * 78 + b"\n"
    (tmp_path / "a").write_bytes(synth.y4m_header(34, 17) + b"".join(
        b"FRAME" + end + synth.frame_bytes(f, 8) for f, end in zip(ref, ends)))
    assert read(tmp_path / "a", 420, 34, 17) == flat(ref, 34, 17, 420)


@pytest.mark.parametrize("start,says", [("YUV4MPEG2 W34 H17 F25:1", "interlacing"),
                                        ("YUV4MPEG2 W34 H17 F25:1 I?", "interlacing"),
                                        ("YUV4MPEG3 W34 H17 F25:1 Ip", "version")])
def test_headers_with_a_warning(pair, start, says):
    ref, dis = synth.clip(34, 17)
    header = start.encode() + b"\n"
    files = pair(synth.y4m_bytes(ref, header), synth.y4m_bytes(dis, header))
    p = run(*files.args, "-n")
    assert p.returncode == 0
    lines = p.stderr.splitlines()
    assert len(lines) == 2 and all(says in line for line in lines)
    assert str(files.ref) in lines[0] and str(files.dis) in lines[1]


@pytest.mark.parametrize("header,says", [
    (b"", "ends inside"), (b"YUV4", "ends inside"), (b"\n", "not a Y4M"), (b"RIFFxxxx W64 H48\n", "not a Y4M"),
    (b"YUV4MPEG2 W64 H48 F25:1 Ip", "ends inside"), (b"YUV4MPEG2 " + b"x" * 5000, "longer"),
    (b"YUV4MPEG2 H48 F25:1 Ip\n", "W tag"), (b"YUV4MPEG2 W64 F25:1 Ip\n", "H tag"),
    (b"YUV4MPEG2 W64 H48 Ip\n", "F tag"), (b"YUV4MPEG2W64 H48 F25:1 Ip\n", "W tag"), (b"YUV4MPEG2\n", "W tag"),
    (b"YUV4MPEG\n", "W tag"),
    (b"YUV4MPEG2 Wx H48 F25:1 Ip\n", "Wx"), (b"YUV4MPEG2 W H48 F25:1 Ip\n", "W"), (b"YUV4MPEG2 W0 H48 F25:1 Ip\n", "0"),
    (b"YUV4MPEG2 W-64 H48 F25:1 Ip\n", "-64"), (b"YUV4MPEG2 W64 H65537 F25:1 Ip\n", "65537"),
    (b"YUV4MPEG2 W99999999999999999999 H48 F25:1 Ip\n", "out of range"),
    (b"YUV4MPEG2 W4294967360 H48 F25:1 Ip\n", "out of range"),
    (b"YUV4MPEG2 W65536 H65536 F25:1 Ip C444p16\n", "65536x65536"),
    (b"YUV4MPEG2 W64 H48 F25 Ip\n", "F25"), (b"YUV4MPEG2 W64 H48 F25: Ip\n", "F25:"),
    (b"YUV4MPEG2 W64 H48 F:1 Ip\n", "F:1"),
    (b"YUV4MPEG2 W64 H48 F25:1 It\n", "It"), (b"YUV4MPEG2 W64 H48 F25:1 I\n", "interlaced"),
    (b"YUV4MPEG2 W64 H48 F25:1 Ip A1\n", "A1"), (b"YUV4MPEG2 W64 H48 F25:1 Ip Ax:y\n", "Ax:y"),
    (b"YUV4MPEG2 W64 H48 F25:1 Ip C\n", "colour"), (b"YUV4MPEG2 W64 H48 F25:1 Ip C420p\n", "420p"),
    (b"YUV4MPEG2 W64 H48 F25:1 Ip C420p8\n", "420p8"), (b"YUV4MPEG2 W64 H48 F25:1 Ip C420p17\n", "420p17"),
    (b"YUV4MPEG2 W64 H48 F25:1 Ip C420p010\n", "420p010"), (b"YUV4MPEG2 W64 H48 F25:1 Ip C410\n", "410"),
    (b"YUV4MPEG2 W64 H48 F25:1 Ip C420jpegjpegjpegjpeg\n", "420jpegj"), (b"YUV4MPEG2 W64 H48 F25:1 Ip C440\n", "440"),
    (b"YUV4MPEG2 W64\0 H48 F25:1 Ip\n", "H tag")])
def test_bad_headers(pair, y4m, tmp_path, header, says):
    bad = pair(header, header)
    out = tmp_path / "o.xml"
    fails(SETUP_ERROR, "-r", bad.ref, "-d", y4m.dis, "-o", out, says=[str(bad.ref), says])
    fails(SETUP_ERROR, "-r", y4m.ref, "-d", bad.dis, "-o", out, says=[str(bad.dis), says])
    assert not out.exists()


def test_terminal_control_sequences_in_headers_are_not_printed(pair):
    header = b"YUV4MPEG2 W64 H48 F25:1 Ip C\x1b[2J\xff\n"
    p = fails(SETUP_ERROR, *pair(header, header).args, says="colour")
    assert "\x1b" not in p.stderr


# --- files that do not exist or do not fit together -------------------------------------------------------------


def test_missing_files(y4m, tmp_path):
    none = tmp_path / "none.y4m"
    fails(SETUP_ERROR, "-r", none, "-d", y4m.dis, says=[str(none), "No such file"])
    fails(SETUP_ERROR, "-r", y4m.ref, "-d", none, says=[str(none), "No such file"])
    fails(SETUP_ERROR, "-r", tmp_path, "-d", y4m.dis, says=[str(tmp_path), "directory"])
    fails(SETUP_ERROR, "-r", tmp_path, "-d", tmp_path, "-w", 64, "-h", 48, "-p", 420, "-b", 8, says="directory")


def test_different_videos_are_refused(pair, tmp_path):
    small, _ = synth.clip(64, 48)
    files = {
        "64x48": synth.y4m_bytes(small, synth.y4m_header(64, 48)),
        "63x48": synth.y4m_bytes(small, synth.y4m_header(63, 48)),  # equal when rounded up to 16
        "64x47": synth.y4m_bytes(small, synth.y4m_header(64, 47)),
        "4:2:2": synth.y4m_bytes(small, synth.y4m_header(64, 48, "422")),
        "4:4:4": synth.y4m_bytes(small, synth.y4m_header(64, 48, "444")),
        "10": synth.y4m_bytes(small, synth.y4m_header(64, 48, "420p10")),
    }
    out = tmp_path / "o.xml"
    for name, data in list(files.items())[1:]:
        for ref, dis in ((files["64x48"], data), (data, files["64x48"])):
            fails(SETUP_ERROR, *pair(ref, dis).args, "-o", out, says=[name, "1 problem"])
    other = synth.y4m_bytes(small, synth.y4m_header(32, 48, "422p10"))
    fails(SETUP_ERROR, *pair(files["64x48"], other).args, "-o", out, says=["32x48", "4:2:2", "depths", "3 problems"])
    assert not out.exists()


def test_different_frame_rates_are_warned_of(pair):
    ref, dis = synth.clip(34, 17)
    data = [synth.y4m_bytes(c, synth.y4m_header(34, 17, tags=f"F{rate} Ip"))
            for c, rate in ((ref, "50:2"), (dis, "25:1"), (dis, "24:1"), (dis, "0:0"))]
    ok(*pair(data[0], data[1]).args, "-n")
    ok(*pair(data[0], data[3]).args, "-n")
    p = run(*pair(data[0], data[2]).args, "-n")
    assert p.returncode == 0 and len(p.stderr.splitlines()) == 1
    assert "50:2" in p.stderr and "24:1" in p.stderr


@pytest.mark.parametrize("w,h", [(0, 48), (65537, 48), (64, 65537), (4294967295, 2)])
def test_raw_sizes_out_of_range(raw, w, h):
    args = [*raw.args, "-w", w, "-h", h, "-p", 420, "-b", 8]
    fails(SETUP_ERROR if w else USAGE_ERROR, *args, says="range" if w else "required")


def test_raw_frame_larger_than_the_file(raw):
    fails(SETUP_ERROR, *raw.args, "-w", 65536, "-h", 65536, "-p", 444, "-b", 16, says="65536x65536")


def test_same_scores_from_y4m_and_raw(y4m, raw, tmp_path):
    assert scores(tmp_path, *y4m.args) == scores(tmp_path, *raw.args, *raw.format)
