"""Presets: settings that are right, and evidence or the plain word that there is none."""

from __future__ import annotations

import pytest

from engine.architecture import build_architecture
from engine.experiment import Experiment
from engine.presets import PRESETS, describe_preset, preset


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_an_experiment_with_words_on_its_evidence(name: str) -> None:
    experiment = Experiment.build(preset(name))
    assert build_architecture(experiment.model, (32, 32, 3), 10).classes == 10
    assert "Evidence:" in describe_preset(name)
