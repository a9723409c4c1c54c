"""The farm on a cluster: equal results whatever dies, failures alone, files, the command line."""
import csv
import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from conftest import clip, write_y4m

import vmaf
from vmaf import farm
from vmaf.farm import _cluster
from vmaf.farm.__main__ import main

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

DEFAULT = farm.Settings(threads=1)


def equal(outcome, **kwargs):
    """An outcome has the figures of a run on one machine, to the last digit."""
    assert outcome.error is None
    a, b = outcome.result.to_dict(), vmaf.score(*outcome.job.paths, **kwargs).to_dict()
    del a["seconds"], b["seconds"]
    assert repr(a) == repr(b)


@pytest.fixture(scope="module")
def client():
    """A local cluster of two workers, as the farm makes it."""
    with _cluster.connect(None, 2) as client:
        yield client


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """20 pairs of different content and length."""
    folder = tmp_path_factory.mktemp("clips")
    paths = []
    for i in range(20):
        for name, frames in zip("rd", clip(176, 144, frames=18 + i % 5, seed=i, shake=i % 6)):
            paths.append(write_y4m(folder / f"{name}{i:02}.y4m", frames))
    return paths


def test_20_clips_with_a_worker_killed(client, clips, tmp_path):
    """A worker is killed while it scores; nothing is lost, and every result is that of a single run."""
    killed = []

    def on_done(outcome, state):
        processing = client.processing()
        address = max(pids, key=lambda a: len(processing.get(a, ())))
        if state.done >= 3 and not killed and processing.get(address):
            os.kill(pids[address], signal.SIGKILL)
            killed.append((pids[address], state.jobs - state.done))

    pids = client.run(os.getpid)
    features = ["psnr_hvs", "ciede", "float_adm"]  # so that there is work left when the first clips are done
    settings = farm.Settings(DEFAULT.models, vmaf._settings.as_features(features))
    outcomes = farm.run(farm.pair_jobs(clips), settings, client=client, chunk=4, output=tmp_path, on_done=on_done)
    assert len(outcomes) == 20 and len(killed) == 1
    pid, left = killed[0]
    assert left >= 1, "it was killed while it had work"
    for outcome in outcomes:
        assert outcome.parts >= 5
        equal(outcome, features=features)
    assert pid not in client.run(os.getpid).values()
    files = sorted(p.name for p in tmp_path.iterdir())
    assert files == sorted([f"{o.job.name}.json" for o in outcomes] + ["summary.json"])


@pytest.mark.parametrize("model", ["vmaf_v0.6.1neg", "vmaf_b_v0.6.3"])
def test_models(client, clips, model):
    settings = farm.Settings([vmaf.Model(model, name="vmaf")], [vmaf.Feature("psnr", {"enable_apsnr": False})], subsample=2, threads=0)
    for outcome in farm.run(farm.pair_jobs(clips[:4]), settings, client=client, chunk=7):
        equal(outcome, model=model, features={"psnr": {"enable_apsnr": False}}, subsample=2)


def test_bad_files_fail_alone(client, clips, tmp_path):
    broken = str(tmp_path / "broken.y4m")
    with open(clips[1], "rb") as f, open(broken, "wb") as out:
        out.write(f.read()[:-1000])
    other = write_y4m(tmp_path / "other.y4m", clip(64, 64, frames=2)[0])
    (tmp_path / "junk.mp4").write_bytes(bytes(5000))
    jobs = farm.pair_jobs([*clips[:2], clips[0], "/none.y4m", clips[0], broken, *clips[2:4], clips[0], other, clips[0], str(tmp_path / "junk.mp4")])
    outcomes = farm.run(jobs, DEFAULT, client=client, chunk=5, output=tmp_path / "out")
    errors = [o.error for o in outcomes]
    assert errors[0] is None and errors[3] is None
    assert "/none.y4m: No such file" in errors[1] and "broken.y4m: the file ends inside frame 17" in errors[2]
    assert "sizes differ" in errors[4] and "junk.mp4" in errors[5]
    equal(outcomes[0])
    equal(outcomes[3])
    assert outcomes[2].result.frame_count == 17, "what was scored is not lost"
    written = json.loads((tmp_path / "out" / "broken.json").read_text())
    assert "inside frame 17" in written["error"] and len(written["index"]) == 17
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert [row["error"] for row in summary] == errors
    assert summary[0]["pooled"]["vmaf"]["mean"] == outcomes[0].result.score


class Killer:
    """Ends every process that unpickles it but this one, in which the scheduler does so."""

    def __reduce__(self):
        return eval, (f"__import__('test_farm').Killer() if __import__('os').getpid() == {os.getpid()} else __import__('os')._exit(9)",)


def test_what_kills_workers_fails_alone(clips):
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}), \
            distributed.LocalCluster(n_workers=2, threads_per_worker=1, memory_limit=0, dashboard_address="127.0.0.1:0", silence_logs=50) as cluster, \
            distributed.Client(cluster) as client:
        jobs = [*farm.pair_jobs(clips[:2]), farm.Job(Killer(), clips[1], "killer"), *farm.pair_jobs(clips[2:4])]
        outcomes = farm.run(jobs, DEFAULT, client=client)
    assert "workers died" in outcomes[1].error
    # The others were perhaps on the same worker once or twice, but not at its every death.
    equal(outcomes[2])


def test_resume(client, clips, tmp_path):
    jobs = farm.pair_jobs(clips[:6])

    def scored(settings=DEFAULT, **kwargs):
        outcomes = farm.run(jobs, settings, client=client, output=tmp_path, **kwargs)
        for o in outcomes:
            equal(o, subsample=settings.subsample)
        return [o.parts > 0 for o in outcomes]

    assert scored() == [True] * 3
    assert scored() == [False] * 3
    (tmp_path / f"{jobs[0].name}.json").write_text('{"fingerprint"')
    os.utime(clips[3])
    assert scored() == [True, True, False]
    assert scored(again=True) == [True] * 3
    assert scored(farm.Settings(subsample=3)) == [True] * 3
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_parquet(client, clips, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    jobs = farm.pair_jobs(clips[:4])
    outcomes = farm.run(jobs, DEFAULT, client=client, output=tmp_path, format="parquet")
    for o in outcomes:
        again = vmaf.Result.from_dict(farm.read_parquet(tmp_path / f"{o.job.name}.parquet"))
        assert repr(again.to_dict()) == repr(o.result.to_dict())
    table = parquet.read_table(tmp_path / f"{jobs[0].name}.parquet")
    assert table.column("vmaf").to_pylist() == outcomes[0].result["vmaf"].tolist()
    summary = parquet.read_table(tmp_path / "summary.parquet").to_pylist()
    assert [r["vmaf.mean"] for r in summary] == [o.result.score for o in outcomes]
    assert [o.parts for o in farm.run(jobs, DEFAULT, client=client, output=tmp_path, format="parquet")] == [0, 0]


def test_columns_can_be_dropped(client, clips, tmp_path):
    outcome, = farm.run(farm.pair_jobs(clips[:2]), DEFAULT, client=client, output=tmp_path, keep=False)
    assert not outcome.result.scores and outcome.result.score > 0


def test_versions_are_checked():
    client = SimpleNamespace(run=lambda f, on_error: {"tcp://a": f(), "tcp://b": "0.0.1"})
    with pytest.raises(RuntimeError, match="tcp://b has vmaf-turbo 0.0.1"):
        _cluster.check_versions(client)
    client = SimpleNamespace(run=lambda f, on_error: {"tcp://a": ModuleNotFoundError("No module named 'vmaf'")})
    with pytest.raises(RuntimeError, match="tcp://a cannot use vmaf-turbo: ModuleNotFoundError"):
        _cluster.check_versions(client)


def test_settings_that_cannot_work(client, clips):
    for settings, says in ((farm.Settings([vmaf.Model("vmaf_v9")]), "vmaf_v9"), (farm.Settings([], []), "nothing to compute")):
        with pytest.raises((vmaf.VmafError, ValueError), match=says):
            farm.run(farm.pair_jobs(clips[:2]), settings, client=client)


class TestJobs:
    def test_csv_and_json(self, tmp_path):
        rows = [{"reference": "r.y4m", "distorted": "a/d.y4m"}, {"reference": "/r.y4m", "distorted": "b/d.y4m"},
                {"reference": "r.yuv", "distorted": "d.yuv", "name": "raw", "width": 64, "height": 48, "bit_depth": 10}]
        (tmp_path / "jobs.json").write_text(json.dumps(rows))
        with open(tmp_path / "jobs.csv", "w", newline="") as f:
            writer = csv.DictWriter(f, ["reference", "distorted", "name", "width", "height", "bit_depth"])
            writer.writeheader()
            writer.writerows(rows)
        jobs = farm.read_jobs(str(tmp_path / "jobs.json"))
        assert jobs == farm.read_jobs(str(tmp_path / "jobs.csv"))
        assert [j.name for j in jobs] == ["d", "d-2", "raw"]
        assert jobs[0].paths == (str(tmp_path / "r.y4m"), str(tmp_path / "a/d.y4m")) and jobs[1].reference == "/r.y4m"
        assert jobs[2].reference == vmaf.RawVideo(str(tmp_path / "r.yuv"), 64, 48, "420", 10)

    @pytest.mark.parametrize("content, says", [
        ('[{"reference": "a"}]', "job 1: no distorted"), ('{"a": 1}', "list of objects"), ("[1]", "list of objects"), ("[", "Expecting"),
        ('[{"reference": "a", "distorted": "b", "colour": 1}]', "unknown field colour"),
        ('[{"reference": "a", "distorted": "b", "width": 5}]', "width and height"),
        ('[{"reference": "a", "distorted": "b", "name": "x"}, {"reference": "a", "distorted": "c", "name": "x"}]', "two jobs"),
    ])
    def test_bad_lists(self, tmp_path, content, says):
        (tmp_path / "jobs.json").write_text(content)
        with pytest.raises(ValueError, match=says):
            farm.read_jobs(str(tmp_path / "jobs.json"))

    def test_names_can_be_files(self):
        names = [j.name for j in farm.pair_jobs(["r", "a/../b c/é:1.mp4", "r", ".hidden", "r", "summary.mp4", "r", "/"])]
        assert names == ["é_1", "hidden", "summary-2", "clip"]


class TestCommandLine:
    def run(self, *arguments, **kwargs):
        return subprocess.run([sys.executable, "-m", "vmaf.farm", *map(str, arguments)], capture_output=True, text=True, timeout=100,
                              check=False, **kwargs)

    def test_from_nothing(self, clips, tmp_path):
        """A cluster of its own; progress on stderr, the table on stdout, files, the exit status."""
        p = self.run(*clips[:4], clips[0], "/none.y4m", "--chunk", 6, "--workers", 2, "--feature", "psnr=enable_chroma=false",
                     "-o", tmp_path / "out")
        assert p.returncode == 1, p.stderr
        single = vmaf.score(*clips[:2], features={"psnr": {"enable_chroma": False}})
        lines = p.stdout.splitlines()
        assert lines[0].split() == ["clip", "frames", "vmaf"]
        assert lines[1].split() == ["d00", "18", f"{single.score:.6f}"]
        assert "FAILED: /none.y4m: No such file or directory" in lines[3]
        assert lines[4].startswith("2 clips scored, 1 failed")
        assert len(p.stderr.splitlines()) == 3 and "3/3 " in p.stderr
        data = json.loads((tmp_path / "out" / "d00.json").read_text())
        assert data["scores"] == {n: c.tolist() for n, c in single.scores.items()}

    def test_a_scheduler_that_runs_already(self, client, clips, tmp_path):
        (tmp_path / "jobs.json").write_text(json.dumps([{"reference": clips[0], "distorted": clips[1], "name": "one"}]))
        p = self.run("--jobs", tmp_path / "jobs.json", "--scheduler", client.scheduler.address, "-q", "-o", tmp_path, "-n",
                     "--feature", "psnr")
        assert (p.returncode, p.stderr) == (0, "")
        assert p.stdout.splitlines()[0].split() == ["clip", "frames", "psnr_y", "psnr_cb", "psnr_cr"]

    @pytest.mark.parametrize("arguments, says", [
        ([], "either pairs"), (["a"], "has no partner"), (["a", "b", "--jobs", "c"], "either pairs"), (["--jobs", "/none.csv"], "none.csv"),
        (["a", "b", "-m", "vmaf_v9"], "vmaf_v9"), (["a", "b", "--feature", "psnr=x=1"], "no option 'x'"), (["a", "b", "-n"], "nothing"),
        (["a", "b", "-o", "/proc/x"], "/proc/x"),
    ])
    def test_what_cannot_begin(self, arguments, says, capsys):
        assert main(arguments) == 2
        assert says in capsys.readouterr().err

    def test_no_scheduler_there(self, capsys, monkeypatch, tmp_path):
        real = distributed.Client
        monkeypatch.setattr(distributed, "Client", lambda address, timeout: real(address, timeout=1))
        assert main(["a", "b", "--scheduler", "tcp://127.0.0.1:9", "-o", str(tmp_path)]) == 2
        assert "tcp://127.0.0.1:9" in capsys.readouterr().err

    def test_interrupted_and_resumed(self, clips, tmp_path):
        """Ctrl-C leaves complete results; the same command does the rest."""
        command = [sys.executable, "-m", "vmaf.farm", *clips, "--workers", "1", "-o", str(tmp_path), "--feature", "ciede"]
        p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("*.json")) and time.monotonic() < deadline:
            time.sleep(0.005)
        os.killpg(p.pid, signal.SIGINT)  # as a terminal does
        _, err = p.communicate(timeout=60)
        assert p.returncode in (0, 130) and "Traceback" not in err, err
        before = {f: f.stat().st_mtime_ns for f in tmp_path.glob("d*.json")}
        assert p.returncode == 0 or "same command goes on" in err and 0 < len(before) < 20
        p = self.run(*command[3:])
        assert p.returncode == 0 and p.stderr.count("(done before)") == len(before)
        assert len(list(tmp_path.glob("d*.json"))) == 20
        assert all(f.stat().st_mtime_ns == t for f, t in before.items())


def test_without_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"pip install 'vmaf-turbo\[farm\]'"), _cluster.connect(None, 1):
        pass
