"""Results: dataclasses, pandas, plots, JSON, pooling, progress."""
import builtins
import io
import json
import math
import sys

import numpy as np
import pytest

import vmaf
from vmaf import _progress
from vmaf._result import pool


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    from conftest import clip, write_y4m
    folder = tmp_path_factory.mktemp("clip")
    paths = [write_y4m(folder / n, f) for n, f in zip(("ref.y4m", "dis.y4m"), clip(96, 80, frames=7))]
    return vmaf.score(*paths, model=["vmaf_v0.6.1", "vmaf_v0.6.1neg"], features="psnr=enable_apsnr=true")


def test_dataclasses(result):
    assert result.models == ["vmaf_v0.6.1", "vmaf_v0.6.1neg"]
    assert result.score == result.pooled["vmaf_v0.6.1"].mean == pytest.approx(result["vmaf_v0.6.1"].mean())
    assert len(result.frames) == result.frame_count == 7
    assert result.frames[-1].index == 6 and result.frames[2:4][1].scores["psnr_y"] == result["psnr_y"][3]
    assert [f.index for f in result.frames] == list(range(7))
    assert result["psnr_y"].dtype == np.float64 and set(result.aggregate) == {"apsnr_y", "apsnr_cb", "apsnr_cr"}
    assert result.percentile(50) == np.median(result["vmaf_v0.6.1"])
    assert result.library_version == vmaf.__version__ and result.seconds > 0
    assert "vmaf_v0.6.1=" in repr(result) and "96x80" in repr(result)
    assert result.reference.endswith("ref.y4m") and result.format.frame_rate == 25


def test_no_model(result):
    with pytest.raises(AttributeError, match="no model"):
        vmaf.score(result.reference, result.distorted, model=None, features="psnr").score


def test_pandas(result):
    pandas = pytest.importorskip("pandas")
    frame = result.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and frame.index.name == "frame"
    assert list(frame.columns) == list(result.scores) and frame["psnr_y"].tolist() == result["psnr_y"].tolist()


def test_plot(result, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "a.png"
    ax = result.plot(path=path)
    assert path.read_bytes().startswith(b"\x89PNG") and len(ax.lines) == 2
    assert ax.lines[0].get_ydata().tolist() == result["vmaf_v0.6.1"].tolist()
    assert ax.lines[0].get_xdata().tolist() == pytest.approx([i / 25 for i in range(7)])
    assert result.plot("psnr_y", ax=ax) is ax and len(ax.lines) == 3
    with pytest.raises(KeyError, match="no column 'x'"):
        result.plot("x", path=path)


@pytest.mark.parametrize("module, call", [("pandas", lambda r: r.to_pandas()), ("matplotlib.figure", lambda r: r.plot())])
def test_without_the_extras(result, monkeypatch, module, call):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match="pip install 'vmaf-turbo"):
        call(result)


def test_json_round_trip(result, tmp_path):
    text = result.to_json(tmp_path / "a.json")
    assert (tmp_path / "a.json").read_text() == text
    again = vmaf.Result.from_dict(json.loads(text))
    assert again.to_dict() == result.to_dict()
    assert again.pooled == result.pooled and again.format == result.format
    assert all(again[n].tolist() == result[n].tolist() for n in result.scores)
    result.aggregate["x"] = math.inf
    assert json.loads(result.to_json())["aggregate"]["x"] is None
    del result.aggregate["x"]


def test_pooling_is_the_librarys(result):
    for name, column in result.scores.items():
        assert pool(column) == result.pooled[name]
    assert pool(np.array([])) is None
    odd = pool(np.array([2.0, math.nan, 1.0, 3.0]))
    assert (odd.min, odd.max) == (1.0, 3.0) and math.isnan(odd.mean)
    assert pool(np.array([-1.0, 1.0])).harmonic_mean == -1.0


def test_progress_function(result):
    calls = []
    vmaf.score(result.reference, result.distorted, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(i + 1, 7) for i in range(7)]


def test_progress_line(result, monkeypatch):
    """Without tqdm: a line on a terminal, nothing elsewhere."""
    real = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", lambda name, *a: real("no_such_module" if name.startswith("tqdm") else name, *a))
    for terminal in (True, False):
        err = io.StringIO()
        err.isatty = lambda: terminal
        monkeypatch.setattr(sys, "stderr", err)
        bar = _progress.Progress(True, 3)
        bar.update()
        bar.update(2)
        bar.close()
        assert ("vmaf: 3/3 frames" in err.getvalue()) == terminal
        assert terminal or err.getvalue() == ""
