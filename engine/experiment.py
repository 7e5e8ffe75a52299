"""The settings of one training: data set, network, training. Immutable, validated all at once, with a fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from engine.blocks import AnyLayer, Reduce
from engine.errors import SettingsError
from engine.setting_errors import bounds_of, describe_problem, range_words, words_of
from engine.setting_types import ClassNames, Flag, Real, Validation, Whole, as_layers

DatasetName = Literal["digits", "cifar10", "cifar100", "folder"]
NetworkName = Literal["lab", "lab-bn", "lab-deep", "lab-global", "resnet9", "custom"]
IMAGE_SIZE = 32
# Marks a setting that the first runs did not have: at its default it is no part of the fingerprint.
LATER: dict[str, Any] = {"later": True}


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


def _later(default: Any, **constraints: Any) -> Any:
    return Field(default, json_schema_extra=LATER, **constraints)


class DatasetSettings(_Settings):
    """Which images, which classes, and how they are split."""

    name: DatasetName = Field("digits", description="data set")
    classes: ClassNames = Field((), description="classes by name, index or superclass; none named: all of them")
    validation: Validation = Field(
        0.1, description='fraction of train held out to select on; 0: none; "test": select on test, and be told so'
    )
    split_seed: Whole = Field(0, ge=0, le=2**32 - 1, description="fixes which images are held out")
    image_size: Whole = Field(
        IMAGE_SIZE, ge=16, le=512, multiple_of=16, description="pixels a side that images are resized to"
    )
    skip_broken: Flag = Field(False, description="folder: name unreadable images and go on without them")
    train_fraction: Real = _later(1.0, gt=0, le=1, description="share of the training images used, of each class")

    @model_validator(mode="after")
    def _fits_the_source(self) -> Self:
        if self.name.startswith("cifar") and self.image_size != IMAGE_SIZE:
            raise PydanticCustomError("image_size", f"{self.name} has images of {IMAGE_SIZE} pixels; leave it out")
        if self.name != "folder" and self.skip_broken:
            raise PydanticCustomError("skip_broken", "only a folder can have broken images; leave it out")
        return self


class ModelSettings(_Settings):
    """Which network."""

    name: NetworkName = Field("lab", description="network")
    pooling: Literal["stride", "max", "avg"] = Field("max", description="tactic that reduces the image")
    hidden_size: Whole = Field(32, ge=1, le=4096, description="filters of the first convolution")
    dropout: Real = _later(0.0, ge=0, lt=1, description="share of the features set to zero before the last layer")
    layers: Annotated[tuple[AnyLayer, ...], as_layers] = _later((), description="layers of a network of your own")

    @model_validator(mode="before")
    @classmethod
    def _layers_name_themselves(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and values.get("layers") and "name" not in values:
            return {**values, "name": "custom"}
        return values

    @model_validator(mode="after")
    def _fits_the_network(self) -> Self:
        if self.name == "custom" and not self.layers:
            raise PydanticCustomError("layers", "a custom network needs them; or take another model.name")
        if self.name != "custom" and self.layers:
            raise PydanticCustomError(
                "layers", f'are those of a custom network, not of {self.name}: set model.name = "custom"'
            )
        if self.name == "custom" and self.dropout:
            raise PydanticCustomError("dropout", 'a custom network has it as a layer, {{type = "dropout", rate = 0.2}}')
        return self

    @property
    def depends_on_pooling(self) -> bool:
        """Whether the tactic makes a difference: in a network of one's own only where it has a `reduce`."""
        return self.name != "custom" or any(isinstance(layer, Reduce) for layer in self.layers)


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
    warmup: Real = _later(0.0, ge=0, le=0.9, description="share of the steps in which the learning rate rises")
    flips: Literal["none", "random", "alternating"] = _later("none", description="images mirrored left to right")
    shift: Whole = _later(0, ge=0, le=64, description="pixels by which images are moved at most, each way")
    shift_padding: Literal["reflect", "zero"] = _later("reflect", description="what a moved image uncovers")
    cutout: Whole = _later(0, ge=0, le=512, description="pixels a side of a square that is blanked")
    label_smoothing: Real = _later(0.0, ge=0, lt=1, description="share of the target that all classes have")
    ema: Real = _later(0.0, ge=0, lt=1, description="averages weights: how much of the average a step keeps; 0: off")
    test_flips: Flag = _later(False, description="scores an image and its mirror image, and averages the logits")
    seed: Whole = Field(0, ge=0, le=2**63 - 1, description="fixes initial weights and the order of the images")
    threads: Whole = Field(0, ge=0, le=1024, description="CPU threads; 0: the machine and the network decide")
    precision: Literal["exact", "fast"] = _later(
        "exact", description="exact: float32, the same bits again; fast: bfloat16 and TF32 where the device has them"
    )

    @model_validator(mode="after")
    def _fits_the_optimizer(self) -> Self:
        if self.optimizer != "sgd" and self.momentum:
            raise PydanticCustomError("momentum", "only sgd has it (adamw has moments of its own); leave it out")
        if self.nesterov and not self.momentum:
            raise PydanticCustomError("nesterov", "needs momentum: set training.momentum above 0")
        if self.warmup and self.schedule == "one_cycle":
            raise PydanticCustomError("warmup", "one_cycle has a rise of its own; leave it out, or take cosine")
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
            raise SettingsError([describe_problem(details, SECTIONS) for details in error.errors()]) from error

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

        Settings that came later count only where they are not at their default, so that an old run keeps its own.
        """
        settings = self.to_dict()
        del settings["training"]["seed"], settings["training"]["threads"]
        plain = Experiment().to_dict()
        for field in later_defaults():
            section, _, key = field.partition(".")
            if settings[section][key] == plain[section][key]:
                del settings[section][key]
        canonical = json.dumps(settings, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


SECTIONS: dict[str, type[_Settings]] = {
    "dataset": DatasetSettings,
    "model": ModelSettings,
    "training": TrainingSettings,
}


def setting_fields() -> list[str]:
    """Every setting's dotted name, in order."""
    return [f"{section}.{key}" for section, model in SECTIONS.items() for key in model.model_fields]


def choices(field: str) -> tuple[str, ...]:
    """The allowed words of a setting, `("stride", "max", "avg")`; empty where any number or text goes."""
    return words_of(_info(field).annotation)


@dataclass(frozen=True)
class SettingDescription:
    """What a form needs to offer a setting.

    Args:
        field: its dotted name, `training.lr`.
        kind: `words`, `whole`, `number`, `flag`, `classes`, `validation` or `layers`.
        choices: the allowed words; empty where any number or text goes.
        range: the allowed numbers in words, `1 … 4,096`; None where there are none.
    """

    field: str
    kind: str
    description: str
    default: Any
    choices: tuple[str, ...]
    range: str | None


def describe_setting(field: str) -> SettingDescription:
    """A setting as plain data: its words, its range, its default.

    Raises:
        KeyError: if there is no such setting.
    """
    info = _info(field)
    words = choices(field)
    kind = "words" if words else _KINDS.get(info.annotation, field.partition(".")[2])
    ranged = range_words(info.metadata) if bounds_of(info.metadata) else None
    return SettingDescription(field, kind, info.description or "", info.get_default(), words, ranged)


_KINDS: dict[Any, str] = {int: "whole", float: "number", bool: "flag"}


def later_defaults() -> dict[str, Any]:
    """The settings that the first runs did not have, by dotted name, with the default that those runs mean."""
    return {field: _info(field).get_default() for field in setting_fields() if _info(field).json_schema_extra == LATER}


def _info(field: str) -> FieldInfo:
    section, _, key = field.partition(".")
    return SECTIONS[section].model_fields[key]
