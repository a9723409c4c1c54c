"""Only the tool links libav, and a tool built without it says so."""
import os
import re
import subprocess
import sys
import tempfile

from report import check, finish

build, without = sys.argv[1:3]


def needs_libav(path):
    out = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
    return bool(re.search(r"\(NEEDED\).*\[lib(avformat|avcodec|avutil|swscale)\.", out))


tool = os.path.join("tools", "vmaf", "vmaf")
library = os.path.join("core", "libvmaf.so.3")
check(needs_libav(os.path.join(build, tool)), "the tool links libav")
check(not needs_libav(os.path.join(build, library)), "the library does not")
check(not needs_libav(os.path.join(without, tool)), "nor does a tool without it")


def run(*args):
    p = subprocess.run([os.path.join(without, tool), *args], capture_output=True, text=True, check=False)
    return p.returncode, p.stderr


HEADER = b"YUV4MPEG2 W32 H32 F25:1 Ip C420jpeg\n"
with tempfile.TemporaryDirectory() as folder:
    y4m, mp4 = os.path.join(folder, "a.y4m"), os.path.join(folder, "a.mp4")
    with open(y4m, "wb") as f:
        f.write(HEADER + b"FRAME\n" + bytes(32 * 48))
    with open(mp4, "wb") as f:
        f.write(b"\0\0\0\x20ftypisom" + bytes(100))
    status, error = run("-r", y4m, "-d", y4m, "-n", "--feature", "psnr")
    check((status, error) == (0, ""), f"Y4M is scored: {error}")
    for pair in ((y4m, mp4), (mp4, y4m)):
        status, error = run("-r", pair[0], "-d", pair[1])
        check(status == 255 and f"{mp4}: not a Y4M file, and this vmaf was built without libavformat" in error,
              f"says why it cannot read others: {error}")
    for option in (["--scale", "ref"], ["--convert", "420"]):
        status, error = run("-r", y4m, "-d", y4m, *option)
        check(status == 1 and f"{option[0]}: this vmaf was built without libswscale" in error,
              f"says why it cannot convert: {error}")
finish("libav")
