"""Writes a file's bytes as a C array: embed.py IN OUT. IN "-": an empty one."""
import sys

source, target = sys.argv[1:3]
data = b"" if source == "-" else open(source, "rb").read()
with open(target, "w", encoding="ascii") as out:
    out.write("#include <stddef.h>\n\nextern const unsigned char vt_cuda_image[];\n"
              "extern const size_t vt_cuda_image_size;\n"
              f"const size_t vt_cuda_image_size = {len(data)};\n"
              "const unsigned char vt_cuda_image[] __attribute__((aligned(16))) = {\n")
    padded = data or b"\0"
    for i in range(0, len(padded), 24):
        out.write(",".join(str(b) for b in padded[i:i + 24]) + ",\n")
    out.write("};\n")
