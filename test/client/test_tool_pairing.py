"""Which frames are compared: counts, skips, shorter and broken inputs, pipes (spec: cli-and-output 2, 3.5)."""
import os
import subprocess
import threading
from random import Random

import pytest

import synth
from tool import INPUT_ERROR, SETUP_ERROR, TOOL, VIF, fails, ok, report, run, scores


def y4m_clip(frames, w=34, h=17):
    return synth.y4m_bytes(frames, synth.y4m_header(w, h))


def test_shorter_input_ends_the_run_well(pair, tmp_path):
    ref, dis = synth.clip(34, 17, frames=5)
    out = tmp_path / "o.json"
    for a, b, first in ((5, 3, "dis"), (3, 5, "ref")):
        files = pair(y4m_clip(ref[:a]), y4m_clip(dis[:b]))
        p = run(*files.args, *VIF, "--json", "-o", out)
        assert p.returncode == 0 and "3 pairs" in p.stderr
        ended, other = (files.dis, files.ref) if first == "dis" else (files.ref, files.dis)
        assert f"{ended} ended before {other}" in p.stderr
        assert [f["frameNum"] for f in report(out)["frames"]] == [0, 1, 2]


@pytest.mark.parametrize("options,ref_range,dis_range", [
    (["--frame_cnt", 2], (0, 2), (0, 2)), (["--frame_cnt", 50], (0, 5), (0, 5)),
    (["--frame_skip_ref", 2, "--frame_skip_dist", 2], (2, 5), (2, 5)),
    (["--frame_skip_ref", 1, "--frame_cnt", 3], (1, 4), (0, 3)),
    (["--frame_skip_dist", 3, "--frame_cnt", 2], (0, 2), (3, 5))])
def test_count_and_skip(pair, tmp_path, options, ref_range, dis_range):
    ref, dis = synth.clip(34, 17, frames=5)
    got = scores(tmp_path, *pair(y4m_clip(ref), y4m_clip(dis)).args, *options)
    want = scores(tmp_path, *pair(y4m_clip(ref[slice(*ref_range)]), y4m_clip(dis[slice(*dis_range)])).args)
    assert got == want and len(got) == ref_range[1] - ref_range[0]


def test_skipped_frames_shorten_a_video(pair):
    files = pair(*(y4m_clip(c) for c in synth.clip(34, 17, frames=5)))
    p = run(*files.args, *VIF, "--frame_skip_dist", 3)
    assert p.returncode == 0 and f"{files.dis} ended before {files.ref}: 2 pairs" in p.stderr


@pytest.mark.parametrize("threads", [0, 2])
def test_no_frames_at_all(pair, tmp_path, threads):
    out = tmp_path / "o.xml"
    ref, dis = synth.clip(34, 17)
    end = ["-o", out, "--threads", threads]
    empty = pair(synth.y4m_header(34, 17), synth.y4m_header(34, 17))
    fails(INPUT_ERROR, *empty.args, *end, says="no frames")
    fails(INPUT_ERROR, *empty.args, "-n", *end, says="no frames")
    fails(INPUT_ERROR, *pair(b"", b"", "yuv").args, "-w", 34, "-h", 17, "-p", 420, "-b", 8, *end, says="no frames")
    fails(INPUT_ERROR, *pair(y4m_clip(ref), y4m_clip(dis)).args, "--frame_skip_ref", 3, *end, says="no frames")
    fails(INPUT_ERROR, *pair(y4m_clip(ref), y4m_clip(dis)).args, "--frame_skip_dist", 30, *end, says="no frames")
    assert not out.exists()


def test_luma_only_against_colour(pair, tmp_path):
    """Only luma features are asked for: they do not see the difference."""
    ref, dis = synth.clip(34, 17)
    mono = synth.y4m_bytes([f[:1] for f in ref], synth.y4m_header(34, 17, "mono"))
    want = scores(tmp_path, *pair(y4m_clip(ref), y4m_clip(dis)).args)
    assert scores(tmp_path, *pair(mono, y4m_clip(dis)).args) == want


# --- files that break off ---------------------------------------------------------------------------------------


def broken(good, how):
    """A Y4M clip whose third of five frames cannot be read."""
    header = synth.y4m_header(34, 17)
    frame = (len(good) - len(header)) // 5
    at = len(header) + 2 * frame
    return {"framing": good[:at] + b"GRAME" + good[at + 5:], "long": good[:at] + b"FRAME" + b"x" * 90 + good[at + 6:],
            "header": good[:at] + b"FRAMEx", "luma": good[:at + 6 + 100], "chroma": good[:at + frame - 1],
            "nothing": good[:at + 6]}[how]


@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("how", ["framing", "long", "header", "luma", "chroma", "nothing"])
def test_late_read_error_keeps_the_scores_so_far(pair, tmp_path, how, threads):
    clips = synth.clip(34, 17, frames=5)
    ref, dis = (y4m_clip(c) for c in clips)
    out = tmp_path / "o.json"
    want = scores(tmp_path, *pair(*(y4m_clip(c[:2]) for c in clips)).args)
    for bad in ("ref", "dis", "both"):
        files = pair(ref if bad == "dis" else broken(ref, how), dis if bad == "ref" else broken(dis, how))
        p = fails(INPUT_ERROR, *files.args, *VIF, "--json", "-o", out, "--precision", "max", "--threads", threads)
        for side, path in (("ref", files.ref), ("dis", files.dis)):
            assert (f"frame 2 of {path}" in p.stderr) == (bad in (side, "both"))
        data = report(out)
        assert [f["metrics"] for f in data["frames"]] == want
        assert all(len(methods) == 4 for methods in data["pooled_metrics"].values())
        out.unlink()


def test_late_read_error_still_gives_the_models_score(pair, tmp_path):
    clips = synth.clip(34, 17, frames=5)
    files = pair(y4m_clip(clips[0]), broken(y4m_clip(clips[1]), "luma"))
    fails(INPUT_ERROR, *files.args, "--json", "-o", tmp_path / "broken", "--precision", "max")
    ok(*pair(*(y4m_clip(c[:2]) for c in clips)).args, "--json", "-o", tmp_path / "whole", "--precision", "max")
    got, want = report(tmp_path / "broken"), report(tmp_path / "whole")
    assert got["pooled_metrics"] == want["pooled_metrics"] and "vmaf" in got["pooled_metrics"]


def test_read_error_while_the_other_input_ends(pair, tmp_path):
    ref, dis = synth.clip(34, 17, frames=5)
    out = tmp_path / "o.json"
    files = pair(y4m_clip(ref[:2]), broken(y4m_clip(dis), "luma"))
    fails(INPUT_ERROR, *files.args, *VIF, "--json", "-o", out, says=f"frame 2 of {files.dis}")
    assert len(report(out)["frames"]) == 2


def test_first_frame_that_cannot_be_read(pair, tmp_path):
    ref, dis = (y4m_clip(c) for c in synth.clip(34, 17))
    out = tmp_path / "o.xml"
    fails(INPUT_ERROR, *pair(ref[:200], dis).args, "-o", out, says=["frame 0 of", "no frames"])
    fails(INPUT_ERROR, *pair(ref, dis[:200]).args, "-o", out, says=["frame 0 of", "no frames"])
    assert not out.exists()


def test_read_error_in_a_skipped_frame(pair):
    ref, dis = (y4m_clip(c) for c in synth.clip(34, 17, frames=5))
    fails(INPUT_ERROR, *pair(ref, broken(dis, "luma")).args, "--frame_skip_dist", 4, says="frame 2 of")


def test_truncated_raw_video(raw, pair, tmp_path):
    frame = 64 * 48 * 3 // 2
    ref, dis = raw.ref.read_bytes(), raw.dis.read_bytes()
    out = tmp_path / "o.json"
    end = [*raw.format, *VIF, "--json", "-o", out]
    ok(*pair(ref[:2 * frame], dis[:2 * frame], "yuv").args, *end)
    assert len(report(out)["frames"]) == 2
    for extra in (1, 64 * 48, frame - 1):
        fails(INPUT_ERROR, *pair(ref[:frame + extra], dis, "yuv").args, *end, says="frame 1 of")
        assert len(report(out)["frames"]) == 1


def test_trailing_bytes_after_the_last_frame_are_the_end(pair):
    ref, dis = (y4m_clip(c) for c in synth.clip(34, 17))
    ok(*pair(ref + b"FRAME", dis + b"xx").args, *VIF)


def test_damaged_files_never_crash(pair, tmp_path):
    """Bytes changed, removed and added at random places, mostly in headers: an error or a score, nothing else."""
    random = Random(7)
    good = [y4m_clip(c) for c in synth.clip(34, 17)]
    frame = good[0].index(b"FRAME")
    codes = set()
    for _ in range(120):
        data = bytearray(good[0])
        for _ in range(random.randint(1, 4)):
            at = random.choice([random.randrange(frame + 6), random.randrange(len(data))])
            how = random.randrange(3)
            data[at:at + (how != 1)] = bytes([random.choice(b"0123456789 \n:WHFIAC-pm\0\xff")]) * (how != 2)
        p = run(*pair(bytes(data), good[1]).args, *VIF, "-o", tmp_path / "o")
        assert p.returncode == 0 or p.stderr
        codes.add(p.returncode)
    assert codes == {0, INPUT_ERROR, SETUP_ERROR}


# --- pipes ------------------------------------------------------------------------------------------------------


def test_standard_input_and_a_named_pipe(y4m, tmp_path):
    fifo, out = tmp_path / "fifo", tmp_path / "o.json"
    os.mkfifo(fifo)
    feeder = threading.Thread(target=lambda: fifo.write_bytes(y4m.dis.read_bytes()))
    feeder.start()
    with subprocess.Popen(["cat", y4m.ref], stdout=subprocess.PIPE) as cat:
        ok("-r", "/dev/stdin", "-d", fifo, *VIF, "--json", "--precision", "max", "-o", out, stdin=cat.stdout)
    feeder.join()
    assert [f["metrics"] for f in report(out)["frames"]] == scores(tmp_path, *y4m.args)


def test_pipe_that_delivers_in_small_pieces(pair, tmp_path):
    """Odd numbers of bytes at a time, over widths with padded rows."""
    w, h = 70, 300
    files = pair(*(y4m_clip(c, w, h) for c in synth.clip(w, h, frames=2)))
    out = tmp_path / "o.json"
    with subprocess.Popen([TOOL, "-r", "/dev/stdin", "-d", files.dis, *VIF, "--json", "--precision", "max", "-o", out],
                          stdin=subprocess.PIPE) as p:
        data = files.ref.read_bytes()
        for i in range(0, len(data), 997):
            p.stdin.write(data[i:i + 997])
            p.stdin.flush()
        p.stdin.close()
        assert p.wait(60) == 0
    assert [f["metrics"] for f in report(out)["frames"]] == scores(tmp_path, *files.args)
