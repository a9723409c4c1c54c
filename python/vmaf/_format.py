"""Sizes, layouts and depths of video."""
from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

PIX_FMT = {"420": 1, "422": 2, "444": 3, "400": 4}
MAX_SIZE = 65536


@dataclass(frozen=True)
class VideoFormat:
    """What two videos must have in common to be compared.

    Attributes:
        width, height: of luma, in samples, 1 to 65536.
        pixel_format: "420", "422", "444", or "400" for luma only.
        bit_depth: bits per sample, 8 to 16.
        frame_rate: frames per second, or None if it is not known.
    """

    width: int
    height: int
    pixel_format: str = "420"
    bit_depth: int = 8
    frame_rate: Fraction | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.width <= MAX_SIZE or not 1 <= self.height <= MAX_SIZE:
            raise ValueError(f"a video of {self.width}x{self.height} samples; sizes are 1 to {MAX_SIZE}")
        if self.pixel_format not in PIX_FMT:
            raise ValueError(f"pixel format {self.pixel_format!r}; known are {', '.join(PIX_FMT)}")
        if not 8 <= self.bit_depth <= 16:
            raise ValueError(f"{self.bit_depth} bits per sample; depths are 8 to 16")

    @property
    def dtype(self) -> npt.DTypeLike:
        """numpy's type of a sample: uint8 for 8 bits, else native uint16."""
        return np.uint8 if self.bit_depth == 8 else np.uint16

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(rows, columns) of each plane as the library reads it; chroma sizes round down."""
        return self._shapes(0)

    @property
    def file_shapes(self) -> list[tuple[int, int]]:
        """(rows, columns) of each plane as files hold it; chroma sizes round up."""
        return self._shapes(1)

    def _shapes(self, up: int) -> list[tuple[int, int]]:
        luma = (self.height, self.width)
        if self.pixel_format == "400":
            return [luma]
        rows = self.height + up >> 1 if self.pixel_format == "420" else self.height
        columns = self.width if self.pixel_format == "444" else self.width + up >> 1
        return [luma, (rows, columns), (rows, columns)]

    def __str__(self) -> str:
        return f"{self.width}x{self.height}, {self.pixel_format}, {self.bit_depth} bit"
