"""Writes a file's bytes as a C array: embed.py IN OUT. IN "-": one without kernels, which no driver takes."""
import sys

source, target = sys.argv[1:3]
data = b"built without nvcc\0" if source == "-" else open(source, "rb").read()
with open(target, "w", encoding="ascii") as out:
    out.write("extern const unsigned char vt_cuda_image[];\n"
              "const unsigned char vt_cuda_image[] __attribute__((aligned(16))) = {\n")
    for i in range(0, len(data), 24):
        out.write(",".join(str(b) for b in data[i:i + 24]) + ",\n")
    out.write("};\n")
