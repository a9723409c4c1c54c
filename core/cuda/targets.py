"""Prints nvcc's options for every GPU it can compile for, from sm_75 on, and PTX for newer ones: targets.py NVCC."""
import re
import subprocess
import sys

out = subprocess.run([sys.argv[1], "--list-gpu-code"], capture_output=True, text=True, check=True).stdout
known = sorted({int(n) for n in re.findall(r"^sm_(\d+)$", out, flags=re.M)})
# Code for x.y runs on every later x.z, so one a generation and those with features of their own will do.
wanted = [n for n in known if n >= 75 and (n % 10 == 0 or n in (75, 86, 89, 103) or n == known[-1])]
for n in wanted:
    print(f"-gencode=arch=compute_{n},code=sm_{n}")
print(f"-gencode=arch=compute_{known[-1]},code=compute_{known[-1]}")
