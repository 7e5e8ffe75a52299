"""The settings of one training: data set, network, training. Immutable, validated all at once, with a fingerprint."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from engine.errors import Problem, SettingsError, suggestion
from engine.text import shorten

DatasetName = Literal["digits", "cifar10", "cifar100", "folder"]
IMAGE_SIZE = 32


def _whole(value: object) -> object:
    """`500.0` and `True` are not whole numbers here; an integer is itself."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("whole", "is not a whole number")
    return value


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("number", "is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise PydanticCustomError("number", "is not a finite number")
    return number


def _flag(value: object) -> object:
    if not isinstance(value, bool):
        raise PydanticCustomError("flag", "is neither true nor false")
    return value


def _classes(value: object) -> object:
    """`"apple, baby"`, `["apple", 1]` or one name or index become a tuple of strings."""
    if isinstance(value, str):
        value = value.split(",")
    elif isinstance(value, int) and not isinstance(value, bool):
        value = [value]
    if not isinstance(value, Sequence) or not all(isinstance(item, str | int) for item in value):
        raise PydanticCustomError("classes", "is not a list of class names or indices")
    names = [str(item).strip() for item in value]
    if not all(names):
        raise PydanticCustomError("classes", "has an empty class name")
    return tuple(dict.fromkeys(names))


def _validation(value: object) -> object:
    if value == "test":
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 0.5:
        raise PydanticCustomError("validation", 'is neither a fraction in 0 … 0.5 nor "test"')
    return float(value)


Whole = Annotated[int, BeforeValidator(_whole)]
Real = Annotated[float, BeforeValidator(_number)]
Flag = Annotated[bool, BeforeValidator(_flag)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class DatasetSettings(_Settings):
    """Which images, which classes, and how they are split."""

    name: DatasetName = Field("digits", description="data set")
    classes: Annotated[tuple[str, ...], BeforeValidator(_classes)] = Field(
        (), description="classes by name, index or superclass; none named: all of them"
    )
    validation: Annotated[float | Literal["test"], BeforeValidator(_validation)] = Field(
        0.1, description='fraction of train held out to select on; 0: none; "test": select on test, and be told so'
    )
    split_seed: Whole = Field(0, ge=0, le=2**32 - 1, description="fixes which images are held out")
    image_size: Whole = Field(
        IMAGE_SIZE, ge=16, le=512, multiple_of=16, description="pixels a side that images are resized to"
    )
    skip_broken: Flag = Field(False, description="folder: name unreadable images and go on without them")

    @model_validator(mode="after")
    def _fits_the_source(self) -> Self:
        if self.name.startswith("cifar") and self.image_size != IMAGE_SIZE:
            raise PydanticCustomError("image_size", f"{self.name} has images of {IMAGE_SIZE} pixels; leave it out")
        if self.name != "folder" and self.skip_broken:
            raise PydanticCustomError("skip_broken", "only a folder can have broken images; leave it out")
        return self


class ModelSettings(_Settings):
    """Which network."""

    name: Literal["lab"] = Field("lab", description="network")
    pooling: Literal["stride", "max", "avg"] = Field("max", description="tactic that reduces the image by four")
    hidden_size: Whole = Field(32, ge=1, le=4096, description="filters of the first convolution")


class TrainingSettings(_Settings):
    """How it is trained."""

    epochs: Whole = Field(500, ge=1, le=1_000_000, description="passes over the training images")
    batch_size: Whole = Field(128, ge=1, le=1_000_000, description="images a step")
    optimizer: Literal["sgd", "adamw"] = Field("sgd", description="optimiser")
    lr: Real = Field(0.005, gt=0, le=1e9, description="learning rate; the highest one of a schedule")
    momentum: Real = Field(0.0, ge=0, lt=1, description="of sgd")
    nesterov: Flag = Field(False, description="Nesterov's form of sgd's momentum")
    weight_decay: Real = Field(0.0, ge=0, le=10, description="of every weight and bias")
    schedule: Literal["constant", "cosine", "one_cycle"] = Field("constant", description="learning rate over the run")
    seed: Whole = Field(0, ge=0, le=2**63 - 1, description="fixes initial weights and the order of the images")
    threads: Whole = Field(0, ge=0, le=1024, description="CPU threads; 0: the machine and the network decide")
    precision: Literal["exact", "fast"] = Field(
        "exact", description="exact: float32, the same bits again; fast: bfloat16 and TF32 where the device has them"
    )

    @model_validator(mode="after")
    def _fits_the_optimizer(self) -> Self:
        if self.optimizer != "sgd" and self.momentum:
            raise PydanticCustomError("momentum", "only sgd has it (adamw has moments of its own); leave it out")
        if self.nesterov and not self.momentum:
            raise PydanticCustomError("nesterov", "needs momentum: set training.momentum above 0")
        return self


class Experiment(_Settings):
    """The settings of one training."""

    dataset: DatasetSettings = DatasetSettings()
    model: ModelSettings = ModelSettings()
    training: TrainingSettings = TrainingSettings()

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> Experiment:
        """An experiment from nested settings, `{"model": {"pooling": "max"}, ...}`; what is not named is default.

        Raises:
            SettingsError: with every problem at once.
        """
        try:
            return cls.model_validate(dict(settings))
        except ValidationError as error:
            raise SettingsError([_problem(details) for details in error.errors()]) from error

    def replace(self, field: str, value: object) -> Experiment:
        """The same experiment with one setting, `training.seed`, changed."""
        settings = self.to_dict()
        section, _, key = field.partition(".")
        settings[section][key] = value
        return Experiment.build(settings)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Every setting, as JSON and TOML can hold it."""
        return self.model_dump(mode="json")

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits, equal for experiments that differ in nothing but `seed` and `threads`.

        A setting younger than format 1 counts where it differs from its default, so that runs keep their fingerprint.
        """
        settings = self.to_dict()
        del settings["training"]["seed"], settings["training"]["threads"]
        for section, key in _LATER_SETTINGS:
            if settings[section][key] == SECTIONS[section].model_fields[key].default:
                del settings[section][key]
        canonical = json.dumps(settings, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


SECTIONS: dict[str, type[_Settings]] = {
    "dataset": DatasetSettings,
    "model": ModelSettings,
    "training": TrainingSettings,
}
_LATER_SETTINGS = (("training", "precision"),)


def setting_fields() -> list[str]:
    """Every setting's dotted name, in order."""
    return [f"{section}.{key}" for section, model in SECTIONS.items() for key in model.model_fields]


def choices(field: str) -> tuple[str, ...]:
    """The allowed words of a setting, `("stride", "max", "avg")`; empty where any number or text goes."""
    section, _, key = field.partition(".")
    return tuple(word for word in get_args(SECTIONS[section].model_fields[key].annotation) if isinstance(word, str))


def _problem(details: ErrorDetails) -> Problem:
    """One of pydantic's errors in our words: field, value, what is allowed."""
    location = [str(part) for part in details["loc"]]
    kind = details["type"]
    if len(location) == 1 and location[0] in SECTIONS and kind in SECTIONS[location[0]].model_fields:
        return Problem(f"{location[0]}.{kind}", details["msg"])  # from a section's own validator
    field = ".".join(location[:2])
    value = details["input"]
    if kind == "extra_forbidden":
        return Problem(field, f"there is no such setting{_nearest_setting(location)}")
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return Problem(field, f"{_shown(value)} is not a table of settings ({', '.join(SECTIONS[field].model_fields)})")
    if kind == "literal_error":
        allowed = choices(field)
        return Problem(field, f"{_shown(value)} is not one of {', '.join(allowed)}{suggestion(str(value), allowed)}")
    if kind in ("whole", "number", "flag", "classes", "validation"):
        limits = f" in {_range(field)}" if kind in ("whole", "number") else ""
        return Problem(field, f"{_shown(value)} {details['msg']}{limits}")
    return Problem(field, f"{_shown(value)} is not in {_range(field)}")


def _shown(value: object) -> str:
    """A value as Python writes it, a long one cut; a number of thousands of digits is not written at all."""
    try:
        return shorten(repr(value), 80)
    except ValueError:
        return "a number of thousands of digits"


def _range(field: str) -> str:
    section, _, key = field.partition(".")
    bounds: dict[str, Any] = {}
    for constraint in SECTIONS[section].model_fields[key].metadata:
        for name in ("gt", "ge", "lt", "le", "multiple_of"):
            if (bound := getattr(constraint, name, None)) is not None:
                bounds[name] = bound
    bounds = {name: int(bound) if bound == int(bound) else bound for name, bound in bounds.items()}
    low = f"{bounds['ge']:,}" if "ge" in bounds else f"(above) {bounds['gt']:,}"
    high = f"{bounds['le']:,}" if "le" in bounds else f"(below) {bounds['lt']:,}"
    steps = f", a multiple of {bounds['multiple_of']}" if "multiple_of" in bounds else ""
    return f"{low} … {high}{steps}"


def _nearest_setting(location: Sequence[str]) -> str:
    if len(location) == 1:
        return suggestion(location[0], SECTIONS) or f" (sections: {', '.join(SECTIONS)})"
    section, key = location[0], location[1]
    near = suggestion(f"{section}.{key}", [field for field in setting_fields() if field.startswith(f"{section}.")])
    elsewhere = [field for field in setting_fields() if field.endswith(f".{key}")]
    if elsewhere:  # the right key in the wrong section
        near = f" (did you mean {elsewhere[0]}?)"
    return near or f" (settings: {', '.join(SECTIONS[section].model_fields)})"
