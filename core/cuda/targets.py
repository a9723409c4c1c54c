"""Prints nvcc's options: code for the GPUs people have, as far as this nvcc knows them, and PTX that the driver
compiles on any other from sm_75 on: targets.py NVCC."""
import re
import subprocess
import sys

WANTED = (75, 80, 86, 89, 90, 100, 120)  # code for x.y also runs on every later x.z

out = subprocess.run([sys.argv[1], "--list-gpu-code"], capture_output=True, text=True, check=True).stdout
known = sorted({int(n) for n in re.findall(r"^sm_(\d+)$", out, flags=re.M)})
oldest = min(n for n in known if n >= 75)
for n in known:
    if n in WANTED:
        print(f"-gencode=arch=compute_{n},code=sm_{n}")
print(f"-gencode=arch=compute_{oldest},code=compute_{oldest}")
