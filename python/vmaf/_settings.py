"""What to compute: models and features."""
from __future__ import annotations

import ctypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Union

from ._library import (MODEL_DISABLE_CLIP, MODEL_ENABLE_TRANSFORM, VmafModelConfig, VmafTurboOption, lib, text, thread_log)

Value = Union[bool, int, float, str]
DEFAULT_MODEL = "vmaf_v0.6.1"


@dataclass(frozen=True)
class Model:
    """A model: built in or found by `version`, or read from a JSON file `path`.

    Attributes:
        version: name of a built-in model (see `models()`), or of a file of VMAF_MODEL_PATH without ".json".
        path: a model file; used if there is no version.
        name: name of its score. None: "vmaf" if it is the only model, else the version or path.
        disable_clip: do not clip the score to the model's range.
        enable_transform: apply the model's score transform.
        options: options of metrics that the model uses, as {"vif": {"vif_enhn_gain_limit": 1.0}}.
    """

    version: str | None = None
    path: str | None = None
    name: str | None = None
    disable_clip: bool = False
    enable_transform: bool = False
    options: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.version and not self.path:
            raise ValueError("a model needs a version or a path")

    @classmethod
    def parse(cls, spec: str) -> Model:
        """From a name ("vmaf_v0.6.1"), a path ("my/model.json") or the tool's form ("version=vmaf_v0.6.1:name=x")."""
        if "=" not in spec:
            is_path = spec.endswith(".json") or "/" in spec
            return cls(path=spec) if is_path else cls(version=spec)
        known: dict[str, Any] = {}
        options: dict[str, dict[str, Value]] = {}
        for part in spec.split(":"):
            key, separator, value = part.partition("=")
            if key in ("disable_clip", "enable_transform"):
                known[key] = not separator or value == "true"
            elif not separator:
                raise ValueError(f"model {spec!r}: {part!r} has no value (expected key=value)")
            elif key in ("version", "path", "name"):
                known[key] = value
            elif "." in key:
                metric, _, option = key.partition(".")
                options.setdefault(metric, {})[option] = value
            else:
                raise ValueError(f"model {spec!r}: unknown key {key!r}")
        return cls(options=options, **known)


@dataclass(frozen=True)
class Feature:
    """A metric and its options: Feature("psnr", {"enable_chroma": False})."""

    name: str
    options: Mapping[str, Value] = field(default_factory=dict)

    @classmethod
    def parse(cls, spec: str) -> Feature:
        """From a name ("psnr") or the tool's form ("psnr=enable_chroma=false:enable_mse=true")."""
        name, separator, rest = spec.partition("=")
        options: dict[str, Value] = {}
        for part in rest.split(":") if separator else ():
            key, found, value = part.partition("=")
            if not found:
                raise ValueError(f"feature {spec!r}: {part!r} has no value (expected option=value)")
            options[key] = value
        return cls(name, options)


ModelLike = Union[str, Model]
ModelsLike = Union[None, ModelLike, Iterable[ModelLike]]
FeaturesLike = Union[str, Feature, Mapping[str, Mapping[str, Value]], Iterable[Union[str, Feature]]]


def as_models(models: ModelsLike) -> list[Model]:
    """A list of models, each with a name of its own."""
    if models is None:
        return []
    many = [models] if isinstance(models, (str, Model)) else list(models)
    parsed = [Model.parse(m) if isinstance(m, str) else m for m in many]
    default = (lambda m: "vmaf") if len(parsed) == 1 else (lambda m: m.version or m.path)
    named = [m if m.name else replace(m, name=default(m)) for m in parsed]
    names = [m.name for m in named]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two models have the name {name!r}; give each its own with Model(..., name=)")
    return named


def as_features(features: FeaturesLike) -> list[Feature]:
    if isinstance(features, (str, Feature)):
        features = [features]
    elif isinstance(features, Mapping):
        features = [Feature(name, options) for name, options in features.items()]
    return [Feature.parse(f) if isinstance(f, str) else f for f in features]


def _option_text(value: Value) -> bytes:
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return (value if isinstance(value, str) else repr(value)).encode()


def make_options(options: Mapping[str, Value]) -> ctypes.c_void_p:
    """A dictionary of the library's, or NULL; the caller's."""
    dictionary = ctypes.c_void_p()
    with thread_log() as log:
        for key, value in options.items():
            err = lib.vmaf_feature_dictionary_set(dictionary, key.encode(), _option_text(value))
            if err:
                lib.vmaf_feature_dictionary_free(dictionary)
                log.check(err, f"option {key}")
    return dictionary


class LoadedModel:
    """A model in the library, and its collection if it is one."""

    def __init__(self, model: Model) -> None:
        self.name = model.name or "vmaf"
        self.model, self.collection = ctypes.c_void_p(), ctypes.c_void_p()
        self.label = model.version or model.path or ""
        flags = MODEL_DISABLE_CLIP * model.disable_clip | MODEL_ENABLE_TRANSFORM * model.enable_transform
        config = VmafModelConfig(self.name.encode(), flags)
        load = lib.vmaf_turbo_model_load if model.version else lib.vmaf_turbo_model_load_from_path
        known = {m.name for m in metrics()}
        with thread_log() as log:
            log.check(load(self.model, self.collection, config, self.label.encode()), f"cannot load model {self.label}")
            try:
                for metric, options in model.options.items():
                    if metric not in known:
                        raise ValueError(f"model {self.label}: there is no metric {metric!r}")
                    self._overload(metric, options)
            except BaseException:
                self.destroy()
                raise

    def _overload(self, metric: str, options: Mapping[str, Value]) -> None:
        for key, value in options.items():
            dictionary = make_options({key: value})
            with thread_log() as log:
                if self.collection:
                    err = lib.vmaf_model_collection_feature_overload(self.model, self.collection, metric.encode(), dictionary)
                else:
                    err = lib.vmaf_model_feature_overload(self.model, metric.encode(), dictionary)
                log.check(err, f"model {self.label}: option {metric}.{key}")

    def destroy(self) -> None:
        lib.vmaf_model_destroy(self.model)
        lib.vmaf_model_collection_destroy(self.collection)
        self.model, self.collection = ctypes.c_void_p(), ctypes.c_void_p()


@dataclass(frozen=True)
class MetricOption:
    """An option of a metric: type is "bool", "int", "double" or "string"; minimum and maximum are inclusive."""

    name: str
    type: str
    default: str
    minimum: float
    maximum: float
    help: str


@dataclass(frozen=True)
class Metric:
    """A metric that can be asked for as a feature."""

    name: str
    help: str
    options: tuple[MetricOption, ...]


def _metric_options(name: bytes) -> Iterable[MetricOption]:
    option, i = VmafTurboOption(), 0
    while not lib.vmaf_turbo_metric_option(name, i, option):
        yield MetricOption(text(option.name), text(option.type), text(option.default_value), option.min, option.max,
                           text(option.help))
        i += 1


def metrics() -> list[Metric]:
    """All metrics with their options."""
    found: list[Metric] = []
    name, text_of = ctypes.c_char_p(), ctypes.c_char_p()
    while not lib.vmaf_turbo_metric(len(found), name, text_of):
        found.append(Metric(text(name.value), text(text_of.value), tuple(_metric_options(name.value or b""))))
    return found


def models() -> list[str]:
    """Names of the built-in models."""
    found: list[str] = []
    while name := lib.vmaf_turbo_builtin_model(len(found)):
        found.append(text(name))
    return found
