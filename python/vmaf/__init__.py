"""VMAF, several times faster: scores of distorted videos against their references.

    import vmaf

    result = vmaf.score("reference.mp4", "distorted.mp4", features="psnr", progress=True)
    print(result.score, result.pooled["psnr_y"].mean)
    result.to_pandas()
    result.plot()

Frames from elsewhere: `Scorer`. Many clips, many machines: `python -m vmaf.farm`.
"""
from ._format import VideoFormat
from ._library import InputError, MismatchError, VmafError, lib as _lib, text as _text
from ._planes import Planes
from ._result import FrameScores, Pooled, Result
from ._score import score
from ._scorer import Scorer
from ._settings import Feature, Metric, MetricOption, Model, metrics, models
from ._source import RawVideo, Source, open_video

__version__ = _text(_lib.vmaf_turbo_version())

#: The version of libvmaf whose numbers these are.
libvmaf_version = _text(_lib.vmaf_version())

__all__ = ["Feature", "FrameScores", "InputError", "Metric", "MetricOption", "MismatchError", "Model", "Planes", "Pooled", "RawVideo",
           "Result", "Scorer", "Source", "VideoFormat", "VmafError", "libvmaf_version", "metrics", "models", "open_video", "score"]
