"""The streaming scorer: numpy planes without a copy, their lifetime, threads, errors."""
import gc
import os
import sys
import threading
import time
import weakref

import numpy as np
import pytest
from conftest import clip, run_tool, same, write_y4m

import vmaf
from vmaf import _planes

SHAPES = [(80, 96), (40, 48), (40, 48)]


def score(ref, dis, **kwargs):
    with vmaf.Scorer(features="psnr", **kwargs) as scorer:
        for r, d in zip(ref, dis):
            scorer.push(r, d)
        return scorer.finish()


def equal(a, b):
    assert list(a.scores) == list(b.scores)
    for name in a.scores:
        assert a[name].tolist() == b[name].tolist(), name


@pytest.mark.parametrize("layout, bits", [("420", 8), ("422", 10), ("444", 8), ("400", 12)])
def test_streaming_equals_the_tool(tmp_path, layout, bits):
    ref, dis = clip(96, 80, layout, bits, frames=4)
    if layout == "400":  # in Y4M the tool adds grey chroma
        grey = np.full((40, 48), 1 << bits - 1, np.uint16)
        ref, dis = ([(f[0], grey, grey) for f in frames] for frames in (ref, dis))
        layout = "420"
    paths = [write_y4m(tmp_path / n, frames, layout, bits) for n, frames in (("r.y4m", ref), ("d.y4m", dis))]
    same(score(ref, dis, bit_depth=bits), run_tool(*paths, "--feature", "psnr"))


def test_luma_only():
    ref, dis = clip(96, 80, "400", frames=3)
    with vmaf.Scorer(threads=1) as scorer:
        for r, d in zip(ref, dis):
            scorer.push(r, d)
        assert scorer.format.pixel_format == "400"
        assert 0 < scorer.finish().score < 100


def view_rows(plane):
    """The same samples with rows further apart, and at an odd place of a larger array."""
    large = np.zeros((plane.shape[0] + 2, plane.shape[1] + 13), plane.dtype)
    large[1:-1, 5:5 + plane.shape[1]] = plane
    return large[1:-1, 5:5 + plane.shape[1]]


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("change", [view_rows, lambda p: p.copy(), lambda p: memoryview(p.copy()),
                                    lambda p: np.frombuffer(p.tobytes(), p.dtype).reshape(p.shape)])
def test_rows_any_distance_apart(change, bits):
    ref, dis = clip(96, 80, bits=bits, frames=3)
    plain = score(ref, dis, bit_depth=bits)
    changed = score([[change(p) for p in f] for f in ref], [[change(p) for p in f] for f in dis], bit_depth=bits)
    equal(plain, changed)


@pytest.mark.parametrize("change, says", [
    (lambda p: np.repeat(p, 2, axis=1)[:, ::2], "side by side"),
    (lambda p: np.asfortranarray(p), "side by side"),
    (lambda p: p[::-1].copy()[::-1], "rows are -"),
    (lambda p: np.broadcast_to(p[:1], p.shape), "rows are 0"),
])
def test_what_cannot_be_lent_is_refused_or_copied(change, says):
    ref, dis = clip(96, 80, frames=2)
    bad = [change(ref[0][0]), *ref[0][1:]]
    with vmaf.Scorer(threads=0) as scorer:
        with pytest.raises(ValueError, match=says) as e:
            scorer.push(bad, dis[0])
        assert "reference, luma" in str(e.value) and "copy=True" in str(e.value)
        assert scorer.lent == 0
        assert scorer.push(bad, dis[0], copy=True) == 0
        scorer.push(ref[1], dis[1])
        copied = scorer.finish()
    good = [np.ascontiguousarray(p) for p in bad]
    with vmaf.Scorer(threads=0) as scorer:
        scorer.push(good, dis[0])
        scorer.push(ref[1], dis[1])
        equal(scorer.finish(), copied)


def test_misaligned_words():
    ref, dis = clip(96, 80, bits=10, frames=1)
    raw = np.zeros(ref[0][0].nbytes + 1, np.uint8)
    raw[1:] = ref[0][0].view(np.uint8).reshape(-1)
    odd = raw[1:].view(np.uint16).reshape(80, 96)
    with vmaf.Scorer(bit_depth=10, threads=0) as scorer:
        with pytest.raises(ValueError, match="even addresses"):
            scorer.push((odd, *ref[0][1:]), dis[0])
        scorer.push((odd, *ref[0][1:]), dis[0], copy=True)


@pytest.mark.parametrize("planes, error, says", [
    ([np.zeros(s, np.float32) for s in SHAPES], TypeError, "float32"),
    ([np.zeros(s, np.uint16) for s in SHAPES], TypeError, "8 bits need uint8"),
    ([np.zeros((80, 97), np.uint8), *(np.zeros(s, np.uint8) for s in SHAPES[1:])], ValueError, r"expected \(80, 96\)"),
    ([np.zeros(s, np.uint8) for s in SHAPES[:2]], ValueError, "2 planes, but 420 has 3"),
    ([np.zeros((80, 96, 3), np.uint8)] * 3, ValueError, "shape"),
    ([[[0] * 96] * 80] * 3, TypeError, "list"),
])
def test_planes_that_do_not_fit(planes, error, says):
    ref, _ = clip(96, 80, frames=1)
    with vmaf.Scorer(format=vmaf.VideoFormat(96, 80), threads=0) as scorer:
        with pytest.raises(error, match=says):
            scorer.push(ref[0], planes)
        assert scorer.push(ref[0], ref[0]) == 0, "a refused pair does not count"


def test_depth_must_be_said():
    planes = [np.zeros(s, np.uint16) for s in SHAPES]
    with vmaf.Scorer() as scorer, pytest.raises(ValueError, match="bit_depth="):
        scorer.push(planes, planes)
    swapped = [np.zeros(s, np.dtype(np.uint16).newbyteorder()) for s in SHAPES]
    with vmaf.Scorer(bit_depth=10) as scorer, pytest.raises(TypeError, match="native byte order"):
        scorer.push(swapped, swapped)


def test_planes_are_released_exactly_once(monkeypatch):
    """Every picture is released once, by whichever thread; no array is kept afterwards, none is freed before."""
    keys = []
    original = _planes._on_release
    counting = _planes.Release(lambda key: (keys.append(key), original(key)) and None)
    monkeypatch.setattr(_planes, "on_release", counting)
    gone = []
    rng = np.random.default_rng(3)
    with vmaf.Scorer(threads=3, features="psnr") as scorer:
        for i in range(60):
            pictures = []
            for _ in range(2):
                planes = [rng.integers(0, 256, s, dtype=np.uint8) for s in SHAPES]
                for p in planes:
                    weakref.finalize(p, gone.append, i)
                pictures.append(planes)
            scorer.push(*pictures)
            del planes, pictures, p
            if i % 7 == 0:
                gc.collect()
            assert scorer.lent + len(keys) == 2 * (i + 1)
        result = scorer.finish()
        assert scorer.lent == 0
    gc.collect()
    assert len(keys) == len(set(keys)) == 120
    assert sorted(gone) == sorted(list(range(60)) * 6)
    assert not _planes._owners
    # The scores are those of arrays that live on.
    rng = np.random.default_rng(3)
    frames = [[[rng.integers(0, 256, s, dtype=np.uint8) for s in SHAPES] for _ in range(2)] for _ in range(60)]
    equal(result, score([f[0] for f in frames], [f[1] for f in frames]))


def test_references_are_given_back():
    ref, dis = clip(96, 80, frames=6)
    before = [sys.getrefcount(p) for f in ref + dis for p in f]
    for _ in range(5):
        score(ref, dis, threads=2)
    with vmaf.Scorer(threads=2) as scorer:  # not finished
        scorer.push(ref[0], dis[0])
    scorer = vmaf.Scorer(threads=2)  # not closed
    scorer.push(ref[1], dis[1])
    del scorer
    gc.collect()
    assert [sys.getrefcount(p) for f in ref + dis for p in f] == before


def test_the_interpreter_runs_on_while_scoring():
    """Another Python thread makes progress during one long call of the library (threads=0: all work is in push)."""
    ref, dis = clip(1280, 720, frames=1)
    ticks, stop, ready = [], threading.Event(), threading.Event()

    def tick():
        ready.set()
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.0005)

    thread = threading.Thread(target=tick)
    with vmaf.Scorer(threads=0, features=["ciede", "cambi", "float_ms_ssim", "psnr_hvs"]) as scorer:
        scorer.push(ref[0], dis[0])
        thread.start()
        ready.wait()
        interval = sys.getswitchinterval()
        sys.setswitchinterval(10)  # so that only a call that lets go of the lock lets the thread run
        try:
            start = time.perf_counter()
            for _ in range(3):
                scorer.push(ref[0], dis[0])
            end = time.perf_counter()
        finally:
            sys.setswitchinterval(interval)
            stop.set()
            thread.join()
    during = [t for t in ticks if start < t < end]
    assert end - start > 0.02
    assert len(during) >= 10, f"{len(during)} ticks in {end - start:.3f} s"


def test_scorers_side_by_side():
    """Scorers of several threads do not disturb each other; one scorer takes pushes of several threads one by one."""
    ref, dis = clip(96, 80, frames=8)
    plain, results = score(ref, dis), []
    threads = [threading.Thread(target=lambda: results.append(score(ref, dis, threads=2))) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(results) == 4
    for r in results:
        equal(plain, r)
    with vmaf.Scorer(features="psnr", model=None) as scorer:
        threads = [threading.Thread(target=scorer.push, args=(ref[0], dis[0])) for _ in range(12)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert set(scorer.finish()["psnr_y"].tolist()) == {plain["psnr_y"][0]}


def test_scores_while_running():
    ref, dis = clip(96, 80, frames=3)
    with vmaf.Scorer(features="psnr", threads=0) as scorer:
        scorer.push(ref[0], dis[0])
        assert scorer.score_at(0, "psnr_y") > 20
        assert scorer.score_at(0, "integer_motion2") is None and scorer.score_at(0) is None
        with pytest.raises(vmaf.VmafError, match="frame 5"):
            scorer.score_at(5, "psnr_y")
        scorer.push(ref[1], dis[1])
        early = scorer.score_at(1, "psnr_y")
        assert scorer.finish()["psnr_y"][1] == early


@pytest.mark.parametrize("threads", [0, 3])
def test_frames_are_delivered(threads):
    """In order, with the final scores of features and models, while others are still coming."""
    ref, dis = clip(96, 80, frames=10)
    frames, seen = [], []
    with vmaf.Scorer(model=["vmaf_v0.6.1", "vmaf_b_v0.6.3"], features="psnr", threads=threads, on_frame=frames.append) as scorer:
        for r, d in zip(ref, dis):
            scorer.push(r, d)
            seen.append(len(frames))
        result = scorer.finish()
    assert seen[-1] >= (9 if threads == 0 else 3)
    assert [f.index for f in frames] == list(range(10)) and not any(f.error for f in frames)
    for got, final in zip(frames, result.frames):
        assert got.scores == final.scores


def test_what_on_frame_raises():
    ref, dis = clip(96, 80, frames=3)

    def bad(frame):
        calls.append(frame.index)
        raise KeyError("mine")

    def impolite(frame):
        scorer.score_at(0, "psnr_y")

    for function, error, says in ((bad, KeyError, "mine"), (impolite, vmaf.VmafError, "must not use its scorer")):
        calls = []
        with vmaf.Scorer(model=None, features="psnr", threads=2, on_frame=function) as scorer, pytest.raises(error, match=says):
            for r, d in zip(ref, dis):
                scorer.push(r, d)
            scorer.finish()
        assert len(calls) <= 1
    with vmaf.Scorer(features="psnr", on_frame=bad) as scorer:
        scorer.push(ref[0], dis[0])
    assert not vmaf._scorer._sinks


@pytest.mark.parametrize("arguments, says", [
    ({"model": "vmaf_v9"}, "no model vmaf_v9"),
    ({"model": "/no/such/model.json"}, "No such file"),
    ({"model": vmaf.Model("vmaf_v0.6.1", options={"vif": {"vif_enhn_gain_limit": 0.5}})}, "vif_enhn_gain_limit"),
    ({"features": "sharpness"}, "sharpness"),
    ({"features": "psnr=no_such_option=1"}, "no_such_option"),
    ({"features": {"psnr": {"min_sse": -1.0}}}, "min_sse"),
])
def test_errors_carry_the_librarys_message(arguments, says, capfd):
    with pytest.raises(vmaf.VmafError, match=says) as e:
        vmaf.Scorer(**arguments)
    assert e.value.errno == 22
    assert capfd.readouterr() == ("", ""), "the exception says it, nobody else"


@pytest.mark.parametrize("arguments, says", [
    ({"model": None}, "nothing to compute"), ({"subsample": 0}, "subsample"), ({"threads": -1}, "threads"),
    ({"model": ["vmaf_v0.6.1", "vmaf_v0.6.1"]}, "two models have the name"),
    ({"model": vmaf.Model("vmaf_v0.6.1", options={"nope": {"x": 1}})}, "no metric 'nope'"),
])
def test_arguments_out_of_range(arguments, says):
    with pytest.raises(ValueError, match=says):
        vmaf.Scorer(**arguments)


def test_a_picture_too_small_for_a_metric(capfd):
    """An error of a frame carries the message, and the scores of other metrics are in the exception."""
    planes = [np.zeros((8, 8), np.uint8), np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8)]
    with vmaf.Scorer(model=None, features="float_ms_ssim") as scorer, pytest.raises(vmaf.VmafError, match="float_ms_ssim"):
        scorer.push(planes, planes)
        scorer.finish()
    assert capfd.readouterr().err == ""


def test_after_the_end():
    ref, dis = clip(96, 80, frames=1)
    scorer = vmaf.Scorer()
    with pytest.raises(vmaf.VmafError, match="no frame"):
        scorer.finish()
    scorer.push(ref[0], dis[0])
    scorer.finish()
    scorer.close()
    with pytest.raises(vmaf.VmafError, match="closed"):
        scorer.push(ref[0], dis[0])
    with pytest.raises(vmaf.VmafError, match="closed"):
        scorer.finish()


def test_a_forked_child_leaves_the_scorer_alone():
    ref, dis = clip(96, 80, frames=2)
    scorer = vmaf.Scorer(threads=2)
    scorer.push(ref[0], dis[0])
    child = os.fork()
    if not child:
        scorer.close()  # would wait for ever for threads that are not here
        os._exit(0)
    deadline = time.monotonic() + 20
    while (done := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert done == (child, 0)
    assert scorer.finish().score > 0


def resident():
    with open("/proc/self/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def test_nothing_grows_over_200_cycles():
    ref, dis = clip(96, 80, frames=3)

    def cycle(i):
        score(ref, dis, threads=i % 3)
        with pytest.raises(vmaf.VmafError):
            vmaf.Scorer(model="vmaf_v9")
        with pytest.raises(vmaf.VmafError):
            vmaf.Scorer(features="psnr=x=1")

    for i in range(40):
        cycle(i)
    gc.collect()
    before, objects, threads = resident(), len(gc.get_objects()), threading.active_count()
    files, tasks = len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))
    for i in range(200):
        cycle(i)
    gc.collect()
    assert resident() - before < 4 << 20
    assert len(gc.get_objects()) - objects < 500
    assert len(os.listdir("/proc/self/fd")) == files
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/task")) <= tasks, "threads of the library end with their context"
