#!/usr/bin/env python3
"""Build and run every test, count what ran, and prove that each suite did.

Each step is a program whose output says how many tests it ran: cmocka ("[  PASSED  ] N test(s)."), our own
checkers ("NAME: N passed, N failed"), pytest ("N passed") and the golden comparison ("N runs, ..."). A step whose
output has no such line, or counts 0, is a failure: silence is not success.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
SHARED = os.path.join(os.path.dirname(ROOT), "shared")
JOBS = str(os.cpu_count() or 2)

passed = failed = 0
failures = []


def run(command, env=None, timeout=1500):
    """Run a command; return (exit status, stdout and stderr)."""
    full = dict(os.environ, **(env or {}))
    try:
        p = subprocess.run(command, cwd=ROOT, env=full, capture_output=True, text=True, errors="replace",
                           timeout=timeout)
        return p.returncode, p.stdout + p.stderr
    except subprocess.TimeoutExpired as e:
        return 124, f"timed out after {e.timeout} s"


def count(output):
    """How many tests the output says passed and failed."""
    good = bad = 0
    for line in output.splitlines():
        line = re.sub(r"\x1b\[[0-9;]*m", "", line)
        if m := re.match(r"\[  PASSED  \] (\d+) test", line):
            good += int(m[1])
        elif m := re.match(r"\[  FAILED  \] (\d+) test", line):
            bad += int(m[1])
        elif m := re.match(r"[\w-]+: (\d+) passed, (\d+) failed$", line):
            good, bad = good + int(m[1]), bad + int(m[2])
        elif m := re.match(r"=+ (?:(\d+) failed, )?(\d+) passed", line):
            good, bad = good + int(m[2]), bad + int(m[1] or 0)
        elif m := re.match(r"(\d+) runs, \d+ figures compared, (\d+) runs off", line):
            good, bad = good + int(m[1]) - int(m[2]), bad + int(m[2])
    return good, bad


def step(name, command, env=None):
    """Run one step and count it."""
    steps([(name, command, env)])


def timed(command, env):
    start = time.monotonic()
    status, output = run(command, env)
    return status, output, time.monotonic() - start


def steps(todo):
    """Run steps, (name, command, env) each, beside each other, and count them in their order."""
    with concurrent.futures.ThreadPoolExecutor(int(JOBS)) as pool:
        running = [(name, pool.submit(timed, command, env)) for name, command, env in todo]
        for name, result in running:
            count_step(name, *result.result())


def count_step(name, status, output, seconds):
    """Count a step that ran. One that ends well with a line "skipped: ..." is only a note."""
    global passed, failed
    if not status and (why := re.search(r"^skipped: (.*)$", output, re.M)):
        print(f"note: {name} skipped: {why[1]}", flush=True)
        return
    good, bad = count(output)
    if (status or not good) and not bad:
        bad = 1
    passed, failed = passed + good, failed + bad
    left_out = sum(int(n) for n in re.findall(r"^=.* (\d+) skipped", output, re.M))  # pytest's, so that nobody is fooled
    print(f"{'ok  ' if not bad else 'FAIL'} {name}: {good} passed, {bad} failed, "
          + (f"{left_out} skipped, " if left_out else "") + f"{seconds:.0f} s", flush=True)
    if bad:
        failures.append(name)
        lines = output.splitlines()
        said = [line for line in lines[:-40] if re.search(r"fail|error", line, re.I)][:20]
        print("\n".join("     " + line for line in [f"exit status {status}"] + said + lines[-40:]), flush=True)


def build(folder, *options, env=None):
    """Configure if needed, and compile; exit when that fails."""
    commands = [] if os.path.exists(os.path.join(folder, "build.ninja")) else [
        ["meson", "setup", folder, *options]]
    for command in commands + [["ninja", "-C", folder, "-j", JOBS]]:
        status, output = run(command, env)
        if status:
            print(output[-6000:])
            print(f"cannot build {folder}\n{passed} passed, {failed + 1} failed")
            sys.exit(1)


def programs(folder, sub):
    """The test programs of one folder of the build."""
    path = os.path.join(folder, "test", sub)
    found = [f for f in sorted(os.listdir(path)) if f.startswith(("test_", "kernels_"))
             and os.access(os.path.join(path, f), os.X_OK) and os.path.isfile(os.path.join(path, f))]
    if not found:
        sys.exit(f"no test program in {path}\n0 passed, 1 failed")
    return [(f, os.path.join(path, f)) for f in found]


def comma_locale():
    """A folder with a locale whose decimal point is a comma, made without touching the system."""
    folder = os.path.join(BUILD, "locale")
    os.makedirs(folder, exist_ok=True)
    run(["localedef", "-i", "de_DE", "-f", "UTF-8", os.path.join(folder, "de_DE.UTF-8")])
    return folder


def suites(folder, label, subs, env=None, but=()):
    """Run every test program of some folders of a build, but those named."""
    env = dict({"VMAF_TEST_EXPECTED": os.path.join(ROOT, "test", "golden"), "VMAF_TEST_SHARED": SHARED,
                "LOCPATH": comma_locale()}, **(env or {}))
    steps([(f"{label} {name}", [path], env)
           for sub in subs for name, path in programs(folder, sub) if name not in but])


def golden(vmaf):
    """The figures beside the checkout, where they are; also on the software CUDA device, whose kernels give the
    figures of libvmaf's CPU code."""
    compare = os.path.join(SHARED, "golden", "compare")
    device = os.path.join(BUILD, "test", "cuda_device")
    if not os.path.exists(compare):
        print("note: no golden clips beside the checkout; the synthetic ones ran above", flush=True)
        return
    todo = []
    for group, threads in GOLDEN_ON_CUDA if os.path.exists(os.path.join(device, "libcuda.so.1")) else []:
        todo.append((f"golden {group} on CUDA, {threads} threads",
                     [compare, vmaf, "--group", group, "--threads", threads, "--arg=--backend", "--arg=cuda"],
                     {"LD_LIBRARY_PATH": device}))
    for group, threads in GOLDEN:
        todo.append((f"golden {group}, {threads} threads",
                     [compare, vmaf, "--group", group, "--threads", threads, "--arg=--backend", "--arg=cpu"], None))
    steps(todo)


def real_gpu():
    """The CUDA life cycle on the machine's own driver, where there is one."""
    for name in ("test_cuda_lifecycle", "test_cuda_growth", "test_cuda_parity", "test_cuda_vif", "test_cuda_frames"):
        program = os.path.join(BUILD, "test", "cuda_device", name)
        status, output = run([program, "--real"])
        if not status and "the driver probe skipped" in output:
            print("note: " + output.strip(), flush=True)
        else:
            step(f"real GPU {name}", [program, "--real"])


def kernel_resources():
    """No CUDA kernel spills registers: on an old GPU and on an H100's generation, as all would take minutes."""
    nvcc = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
    if os.path.exists(nvcc):
        step("meta cuda-resources", ["scripts/cuda-resources", "--nvcc", nvcc, "75", "90"])
    else:
        print("note: no nvcc, so no CUDA kernel is compiled for a GPU", flush=True)


def without_extras():
    """A library without CUDA and a tool without libav."""
    folder = os.path.join(ROOT, "build-minimal")
    build(folder, "-Denable_cuda=disabled", "-Dlibav=disabled", "-Dtests=false", "-Dbench=false", "-Dbuildtype=debug")
    step("meta stub", [sys.executable, "test/meta/test_stub.py", ROOT, folder])
    step("meta libav", [sys.executable, "test/meta/test_libav.py", BUILD, folder])


def python_package():
    """The Python package, installed by pip into an environment of its own, which needs PyPI."""
    venv, sources = os.path.join(ROOT, "build-venv"), os.path.join(ROOT, "build-python")
    pip = [os.path.join(venv, "bin", "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    status, output = run(["/usr/bin/python3", "-m", "venv", venv])
    if status:
        sys.exit(f"{output}\ncannot make a virtual environment\n0 passed, 1 failed")
    status, output = run([*pip, "--timeout", "20", "meson-python", *PYTHON_PACKAGES])
    if status:
        print("note: no packages from PyPI, so the Python package was not tested: " + output.strip().splitlines()[-1], flush=True)
        return
    status, output = run([*pip, "--no-deps", "--no-build-isolation", f"--config-settings=build-dir={sources}", "."])
    if status:
        print(output[-6000:])
        sys.exit(f"cannot install the Python package\n{passed} passed, {failed + 1} failed")
    step("python package", [os.path.join(venv, "bin", "python"), "-m", "pytest"],
         {"VMAF": os.path.join(BUILD, "tools", "vmaf", "vmaf"), "PYTHONDONTWRITEBYTECODE": "1"})


# What the tests of the Python package use; all is optional for its users but numpy.
PYTHON_PACKAGES = ["numpy", "pytest", "mypy", "av", "pandas", "matplotlib", "distributed", "pyarrow"]

# Groups of the golden clips that are done so far, with the number of threads.
GOLDEN = [("models-v0", "2"), ("debug", "0"), ("models-v1", "2"), ("classic", "2"), ("models-float", "2")]
GOLDEN_ON_CUDA = [("models-v0", "2"), ("models-v1", "2"), ("debug", "0")]


PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", JOBS, "test/client"]


def main():
    start = time.monotonic()
    status, output = run(["scripts/install-deps", "tests"])
    if status:
        sys.exit(f"{output}\ncannot install the dependencies\n0 passed, 1 failed")
    print(output, end="")

    build(BUILD)
    vmaf = os.path.join(BUILD, "tools", "vmaf", "vmaf")
    # Every failure point of the CUDA life (step 1) takes minutes; most are one picture's like the next one's.
    suites(BUILD, "release", ["unit", "kernels", "torture", "cuda_device"], {"VMAF_CUDA_TORTURE_STEP": "3"})
    real_gpu()
    kernel_resources()
    without_extras()
    for name in ("headers", "symbols", "includes", "install"):
        step(f"meta {name}", [sys.executable, f"test/meta/test_{name}.py", ROOT, BUILD])
    if not shutil.which("chromium"):
        print("note: no chromium: the tool's page was not opened in a browser", flush=True)
    step("tool", PYTEST, {"VMAF": vmaf})

    python_package()

    clang = os.path.join(ROOT, "build-sanitize")
    build(clang, "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Denable_nvcc=disabled", "-Dbuildtype=debugoptimized",
          "-Dbench=false", env={"CC": "clang", "CXX": "clang++"})
    sanitizers = {"ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1",
                  "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
    suites(clang, "asan+ubsan", ["unit", "kernels", "torture", "cuda_device"],
           dict(sanitizers, VMAF_TORTURE_STEP="7", VMAF_CUDA_TORTURE_STEP="29", VMAF_CUDA_CYCLES="100"),
           but=["test_model_alloc"])  # it replaces malloc itself; torture walks allocations here
    step("asan+ubsan tool", PYTEST, dict(sanitizers, VMAF=os.path.join(clang, "tools", "vmaf", "vmaf")))

    tsan = os.path.join(ROOT, "build-tsan")
    build(tsan, "-Db_sanitize=thread", "-Db_lundef=false", "-Denable_nvcc=disabled", "-Dbuildtype=debugoptimized", "-Dbench=false",
          env={"CC": "clang", "CXX": "clang++"})
    for name, path in programs(tsan, "unit"):
        if name in ("test_engine", "test_share", "test_api", "test_frame_callback"):
            step(f"tsan {name}", [path], {"VMAF_TEST_EXPECTED": os.path.join(ROOT, "test", "golden")})
    for name in ("test_cuda_lifecycle", "test_cuda_parity"):
        step(f"tsan {name}", [os.path.join(tsan, "test", "cuda_device", name)], {"VMAF_TORTURE_STEP": "9"})

    # Debian's cross compiler and qemu-user; elsewhere a step that says so.
    step("arm64 under qemu", ["scripts/test-arm64"])

    # Debian's source packages; where they cannot be had, a note. One version; both: scripts/test-ffmpeg.
    step("FFmpeg 7.1", ["scripts/test-ffmpeg", "7.1"])

    golden(vmaf)
    if failures:
        print("failed: " + ", ".join(failures))
    print(f"took {time.monotonic() - start:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
