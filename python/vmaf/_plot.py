"""Drawing a result."""
from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._result import Result


def plot(result: Result, columns: str | Sequence[str] | None, path: str | os.PathLike[str] | None, ax: Axes | None) -> Axes:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError("plot() needs matplotlib: pip install 'vmaf-turbo[plot]'") from None
    names = [columns] if isinstance(columns, str) else list(columns or result.models or list(result.scores)[:1])
    unknown = [n for n in names if n not in result.scores]
    if unknown:
        raise KeyError(f"no column {unknown[0]!r}; there are {', '.join(result.scores)}")
    if ax is None:
        # In a notebook pyplot shows the figure by itself; a file needs no display.
        if path is None:
            from matplotlib import pyplot
            ax = pyplot.figure(figsize=(9, 3.5), layout="constrained").add_subplot()
        else:
            ax = Figure(figsize=(9, 3.5), layout="constrained").add_subplot()
    rate = result.format.frame_rate
    time = result.index / float(rate) if rate else result.index
    for name in names:
        mean = f" (mean {result.pooled[name].mean:.2f})" if name in result.pooled else ""
        ax.plot(time, result.scores[name], linewidth=1, label=name + mean)
    finite = np.concatenate([result.scores[n][np.isfinite(result.scores[n])] for n in names])
    if result.models and set(names) <= set(result.models) and len(finite) and finite.min() > 0:
        ax.set_ylim(max(0.0, float(finite.min()) // 10 * 10 - 5), max(102.0, float(finite.max()) + 2))
    ax.set_xlabel("seconds" if rate else "frame")
    ax.set_ylabel("score" if set(names) <= set(result.models) else ", ".join(names))
    ax.grid(alpha=0.3)
    ax.legend(loc="best")
    if result.distorted:
        ax.set_title(os.path.basename(result.distorted))
    if path is not None:
        ax.figure.canvas.print_figure(path, dpi=120)
    return ax
