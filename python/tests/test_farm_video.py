"""Compressed video in parts: decoding begins in the middle where that gives the same frames, and nowhere else."""
import subprocess
from types import SimpleNamespace

import pytest
from conftest import clip, write_y4m
from test_farm_parts import equal, make_settings

import vmaf
from vmaf import _seek, _video
from vmaf._source import SeekError
from vmaf.farm import Job
from vmaf.farm._run import split
from vmaf.farm._work import merge, probe, score_part

av = pytest.importorskip("av")

FRAMES = 50
CODECS = {  # name: (suffix, options, entries that can be used)
    "h264": ("mp4", ["-c:v", "libx264", "-g", "12", "-bf", "3", "-sc_threshold", "0"], 5),
    "h264 in mkv": ("mkv", ["-c:v", "libx264", "-g", "12"], 5),
    "h264 in ts": ("ts", ["-c:v", "libx264", "-g", "12", "-bf", "2"], 0),
    "h264, open groups": ("mp4", ["-c:v", "libx264", "-x264-params", "open-gop=1:keyint=12:bframes=3:scenecut=0"], 1),
    "h264, one key frame": ("mp4", ["-c:v", "libx264", "-g", "1000"], 1),
    "hevc": ("mp4", ["-c:v", "libx265", "-x265-params", "log-level=0:keyint=12:min-keyint=12:open-gop=0"], 5),
    "hevc, open groups": ("mkv", ["-c:v", "libx265", "-x265-params", "log-level=0:keyint=12:min-keyint=12:open-gop=1"], 1),
    "vp9": ("webm", ["-c:v", "libvpx-vp9", "-g", "12", "-cpu-used", "8", "-b:v", "200k"], 5),
    "ffv1": ("mkv", ["-c:v", "ffv1", "-g", "1"], 50),
    "mpeg4": ("avi", ["-c:v", "mpeg4", "-bf", "2", "-g", "12"], 0),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    return [write_y4m(folder / n, f) for n, f in zip(("r.y4m", "d.y4m"), clip(96, 96, frames=FRAMES))]


def encode(source, path, *options):
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", source, "-threads", "1", *options, str(path)], check=True, capture_output=True)
    return str(path)


def in_parts(job, settings, chunk, seek=True):
    return [score_part(job, settings, *span, seek) for span in split(probe(job, settings), chunk)]


@pytest.mark.parametrize("name", CODECS)
def test_parts(source, tmp_path, name):
    suffix, options, entries = CODECS[name]
    job = Job(source[0], encode(source[1], tmp_path / f"d.{suffix}", *options), "clip")
    settings = make_settings("vmaf_v0.6.1", ["speed_temporal", "psnr"])
    single = vmaf.score(*job.paths, features=settings.features)
    with vmaf.open_video(job.distorted) as video:
        index = video._index()
    assert index.packets == FRAMES and (len(index.entries) if index.usable else 0) == entries
    for chunk in (7, 24):
        parts = in_parts(job, settings, chunk)
        assert len(parts) == -(-FRAMES // chunk) and not any(p.unseekable for p in parts)
        result, error = merge(job, parts)
        assert error is None
        equal(result, single)


def test_decoding_begins_in_the_middle(source, tmp_path, monkeypatch):
    """Not in the beginning: frames are skipped."""
    path = encode(source[1], tmp_path / "d.mp4", *CODECS["h264"][1])
    decoded = []
    original = _video.VideoFile._decoded
    monkeypatch.setattr(_video.VideoFile, "_decoded", lambda *a: (decoded.append(f) or f for f in original(*a)))
    with vmaf.open_video(path) as video:
        next(video.frames(40))
        assert len(decoded) == 41
        decoded.clear()
        video.seekable = True
        next(video.frames(40))
        assert len(decoded) <= 40 - 36 + 13
        assert list(video.frames(FRAMES)) == [] == list(video.frames(FRAMES + 5))


def test_packets_that_lie(source, tmp_path, monkeypatch):
    """Then a part says so, and the farm scores the clip again from its beginning."""
    distributed = pytest.importorskip("distributed")
    job = Job(source[0], encode(source[1], tmp_path / "d.mp4", *CODECS["h264"][1]), "clip")
    single = vmaf.score(*job.paths)
    real = _seek.cached_index

    def wrong(*args):
        index = real(*args)
        return _seek.FrameIndex((*index.times[:30], *(t + 1 for t in index.times[30:])), index.entries, index.packets)

    monkeypatch.setattr(_video, "cached_index", wrong)
    settings = make_settings("vmaf_v0.6.1", ())
    parts = in_parts(job, settings, 10)
    assert [p.unseekable for p in parts] == [False, False, True, True, True], "part 2 needs frame 30, too"
    assert merge(job, in_parts(job, settings, 10, seek=False))[1] is None
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address="127.0.0.1:0") as client:
        from vmaf import farm
        outcome, = farm.run([job], settings, client=client, chunk=10)
    assert outcome.error is None and outcome.parts == 5
    equal(outcome.result, single)


@pytest.mark.parametrize("missing", [0, 20])
def test_a_packet_that_is_missing(source, tmp_path, missing):
    """Frames that packets announce and the decoder does not give are noticed, or the parts agree with the single run."""
    whole = encode(source[1], tmp_path / "w.mkv", *CODECS["h264"][1])
    cut = str(tmp_path / "cut.mkv")
    with av.open(whole) as old, av.open(cut, "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for i, packet in enumerate(old.demux(video=0)):
            if packet.dts is not None and i != missing:
                packet.stream = stream
                new.mux(packet)
    job, settings = Job(source[0], cut, "clip"), make_settings("vmaf_v0.6.1", ())
    with pytest.warns(UserWarning):
        single = vmaf.score(*job.paths)
    parts = in_parts(job, settings, 10)
    if any(p.unseekable for p in parts):
        parts = in_parts(job, settings, 10, seek=False)
    result, error = merge(job, parts)
    assert error is None
    equal(result, single)


@pytest.mark.parametrize("codec, extra, data, types", [
    ("h264", b"\x01\x64\x00\x1f\xff", b"\0\0\0\x02\x65\x88\0\0\0\x01\x06", {5, 6}),
    ("h264", b"", b"\0\0\0\x01\x67\x42\0\0\x01\x65\x88\x80", {7, 5}),
    ("hevc", b"\x01" + bytes(20) + b"\x01", b"\0\x03\x26\x01\xaf", {19}),
    ("h264", b"\x01\x64\x00\x1f\xff", b"\xff\xff\xff\xff\x65", {5}), ("h264", b"", b"\0\0\x01", set()), ("h264", b"", b"", set()),
])
def test_nal_units(codec, extra, data, types):
    assert _seek._nal_types(data, extra, codec) == types


def test_index():
    """Entries are where decoding order and display order have the same frames before and after."""
    def packet(pts, key=False, **kwargs):
        return SimpleNamespace(pts=pts, is_keyframe=key, size=1, is_discard=False, **{**kwargs})

    stream = SimpleNamespace(codec_context=SimpleNamespace(name="vp9", extradata=None))

    def index(packets):
        return _seek.make_index(SimpleNamespace(format=SimpleNamespace(name="matroska,webm"),
                                                demux=lambda s: iter([*packets, SimpleNamespace(size=0)])), stream)

    closed = index([packet(0, True), packet(3), packet(1), packet(2), packet(4, True), packet(5)])
    assert closed == _seek.FrameIndex((0, 1, 2, 3, 4, 5), (0, 4), 6) and closed.usable
    assert [closed.entry(i) for i in range(6)] == [0, 0, 0, 0, 4, 4]
    assert index([packet(0, True), packet(2), packet(4, True), packet(3), packet(5)]).entries == (0,), "a frame after it is shown before it"
    assert not index([packet(0, True), packet(None)]).usable and not index([packet(0, True), packet(0)]).usable
    assert not index([packet(0), packet(1, True)]).usable and not index([]).usable
    assert issubclass(SeekError, vmaf.InputError)
