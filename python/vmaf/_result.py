"""Results as dataclasses."""
from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from ._format import VideoFormat

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

Column = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pooled:
    """A column pooled over all scored frames. harmonic_mean is n / sum(1 / (x + 1)) - 1."""

    min: float
    max: float
    mean: float
    harmonic_mean: float


def pool(column: Column) -> Pooled | None:
    """Pools as the library does, in its order of additions; None if the column is empty."""
    if not len(column):
        return None
    with np.errstate(all="ignore"):
        total = float(np.add.accumulate(column)[-1])
        inverse = float(np.add.accumulate(1.0 / (column + 1.0))[-1])
        harmonic = float(np.float64(len(column)) / inverse) - 1.0
    low = high = float(column[0])
    if np.isnan(column).any():  # as the library: NaN neither replaces nor is replaced
        for x in column.tolist():
            low, high = (x if x < low else low), (x if x > high else high)
    else:
        low, high = float(column[np.argmin(column)]), float(column[np.argmax(column)])
    return Pooled(low, high, total / len(column), harmonic)


@dataclass(frozen=True)
class FrameScores:
    """All scores of one frame, by name. error: 0, or the error number of what could not be scored."""

    index: int
    scores: dict[str, float]
    error: int = 0


class Frames(Sequence[FrameScores]):
    """The scored frames one by one; a view of a result's columns."""

    def __init__(self, index: npt.NDArray[np.int64], scores: Mapping[str, Column]) -> None:
        self._index, self._scores = index, scores

    def __len__(self) -> int:
        return len(self._index)

    @overload
    def __getitem__(self, i: int) -> FrameScores: ...

    @overload
    def __getitem__(self, i: slice) -> list[FrameScores]: ...

    def __getitem__(self, i: int | slice) -> FrameScores | list[FrameScores]:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        return FrameScores(int(self._index[i]), {name: float(column[i]) for name, column in self._scores.items()})

    def __iter__(self) -> Iterator[FrameScores]:
        for i in range(len(self)):
            yield self[i]


@dataclass(eq=False)
class Result:
    """Scores of a pair of videos.

    Attributes:
        scores: a column of float64 per feature and model, of shape (frames,), in the order of reports; NaN where a
            frame has no value. Scores of models are on the model's scale, usually 0 to 100; units of features are those of
            the metrics' pages (dB for psnr).
        index: the frame number of each row, int64, shape (frames,). With subsampling these are the multiples.
        pooled: each column pooled; columns with missing values are left out.
        aggregate: figures of the whole clip (apsnr_y, ...).
        models: names of the models' scores; the first is what `score` is.
        format: size, layout, depth and frame rate.
        reference, distorted: paths, or None where planes were pushed.
        frame_count: compared pairs, which are more than rows when subsampling.
        warnings: what was noticed on the way, such as videos of different length.
        library_version: of vmaf-turbo.
        seconds: wall-clock time that scoring took.
    """

    scores: dict[str, Column]
    index: npt.NDArray[np.int64]
    pooled: dict[str, Pooled]
    aggregate: dict[str, float]
    models: list[str]
    format: VideoFormat
    frame_count: int
    reference: str | None = None
    distorted: str | None = None
    warnings: list[str] = field(default_factory=list)
    library_version: str = ""
    seconds: float = math.nan

    @property
    def frames(self) -> Frames:
        """The rows, as a sequence of FrameScores."""
        return Frames(self.index, self.scores)

    @property
    def score(self) -> float:
        """The first model's mean. Without a model: AttributeError."""
        if not self.models:
            raise AttributeError("no model was asked for, so there is no score; see .pooled")
        return self.pooled[self.models[0]].mean

    def __getitem__(self, name: str) -> Column:
        """A column."""
        return self.scores[name]

    def percentile(self, p: float, name: str | None = None) -> float:
        """The p-th percentile (0 to 100) of a column, the first model's by default.

        At rank p (n - 1) / 100 of the n sorted values, interpolated linearly.
        """
        return float(np.percentile(self.scores[name or self._main()], p))

    def _main(self) -> str:
        return self.models[0] if self.models else next(iter(self.scores))

    def __repr__(self) -> str:
        figures = ", ".join(f"{m}={self.pooled[m].mean:.6f}" for m in self.models if m in self.pooled)
        return f"<vmaf.Result {figures or ', '.join(self.scores)}; {len(self.index)} frames of {self.format}>"

    def to_pandas(self) -> pandas.DataFrame:
        """A DataFrame with a row per frame, indexed by frame number. Needs pandas."""
        try:
            import pandas
        except ImportError:
            raise ImportError("to_pandas() needs pandas: pip install 'vmaf-turbo[pandas]'") from None
        return pandas.DataFrame(self.scores, index=pandas.Index(self.index, name="frame"))

    def plot(self, columns: str | Sequence[str] | None = None, *, path: str | os.PathLike[str] | None = None,
             ax: Axes | None = None) -> Axes:
        """Draws scores over time, and returns matplotlib's axes. Needs matplotlib.

        Args:
            columns: names; the models' scores by default.
            path: also write the picture there (PNG, SVG, PDF, by its suffix).
            ax: axes to draw into.
        """
        from ._plot import plot
        return plot(self, columns, path, ax)

    def to_dict(self) -> dict[str, Any]:
        """Everything as what JSON can hold; infinite and missing figures become None."""
        return {
            "library_version": self.library_version, "reference": self.reference, "distorted": self.distorted,
            "format": {**asdict(self.format), "frame_rate": str(self.format.frame_rate) if self.format.frame_rate else None},
            "frame_count": self.frame_count, "models": self.models, "warnings": self.warnings,
            "seconds": finite(self.seconds),
            "pooled": {n: {k: finite(v) for k, v in asdict(p).items()} for n, p in self.pooled.items()},
            "aggregate": {n: finite(v) for n, v in self.aggregate.items()},
            "index": self.index.tolist(), "scores": {n: [finite(v) for v in c.tolist()] for n, c in self.scores.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Result:
        """The reverse of to_dict; None becomes NaN."""
        fmt = dict(data["format"])
        fmt["frame_rate"] = Fraction(fmt["frame_rate"]) if fmt["frame_rate"] else None
        return cls(
            scores={n: np.array(c, dtype=np.float64) for n, c in data["scores"].items()},
            index=np.array(data["index"], dtype=np.int64),
            pooled={n: Pooled(**{k: _number(v) for k, v in p.items()}) for n, p in data["pooled"].items()},
            aggregate={n: _number(v) for n, v in data["aggregate"].items()}, models=list(data["models"]),
            format=VideoFormat(**fmt), frame_count=data["frame_count"], reference=data["reference"], distorted=data["distorted"],
            warnings=list(data["warnings"]), library_version=data["library_version"], seconds=_number(data["seconds"]))

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """to_dict as JSON text, with all digits; also written to path if that is given."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n"
        if path is not None:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        return text


def finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else value
