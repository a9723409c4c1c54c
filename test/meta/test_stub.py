"""A library built without CUDA exports the backend's functions, which say -ENOSYS, and does not install its header:
FFmpeg's configure takes the header for the backend."""
import os
import subprocess
import sys
import tempfile

from report import check, finish

root, build = sys.argv[1:3]
include = os.path.join(root, "include")
libdir = os.path.join(build, "core")
with tempfile.TemporaryDirectory() as top:
    program = os.path.join(top, "stub")
    p = subprocess.run(["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", include, "-I",
                        os.path.join(include, "libvmaf"), os.path.join(root, "test", "meta", "stub.c"), "-o", program,
                        os.path.join(libdir, "libvmaf.so.3")], capture_output=True, text=True)
    check(p.returncode == 0, "links: " + p.stderr[-500:])
    p = subprocess.run([program], env=dict(os.environ, LD_LIBRARY_PATH=libdir), capture_output=True, text=True)
    check(p.returncode == 0, "runs: " + p.stdout + p.stderr)
    p = subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", top], capture_output=True,
                       text=True)
    check(p.returncode == 0, "installs: " + p.stderr[-300:])
    names = [f for _, _, files in os.walk(top) for f in files]
    check("libvmaf.h" in names, "libvmaf.h is installed")
    check("libvmaf_cuda.h" not in names, "libvmaf_cuda.h is not")
finish("stub")
