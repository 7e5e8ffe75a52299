"""`cnnlab summary`: a network's layers, shapes, parameters and multiply-adds; on request a try on random input."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.options import data_dir_option, json_option, settings_from, settings_options
from engine.cli.output import print_json, print_line
from engine.cli.table import print_table
from engine.errors import ExitCode
from engine.layout import Column

if TYPE_CHECKING:
    from engine.architecture import Architecture
    from engine.experiment import Experiment


@click.command()
@settings_options
@click.option("--try", "try_it", is_flag=True, help="the logits of one random image, with untrained weights")
@data_dir_option
@json_option
def summary(try_it: bool, data_dir: Path | None, as_json: bool, **options: Any) -> int:
    """The layers of a network, without training it.

    \b
    cnnlab summary --model lab --pooling max --dataset cifar100 --classes apple,aquarium_fish,baby
    """
    from engine.architecture import build_architecture
    from engine.data import resolve_classes
    from engine.preparation import build_experiment

    experiment = build_experiment(settings_from(options), data_dir)
    classes = resolve_classes(experiment.dataset, data_dir).classes
    side = experiment.dataset.image_size
    architecture = build_architecture(experiment.model, (side, side, 3), len(classes))
    tried = try_network(architecture, experiment) if try_it else None
    if as_json:
        layers = [asdict(row) for row in architecture.summary()]
        document = {
            "layers": layers,
            "parameters": architecture.parameters,
            "multiply_adds": architecture.multiply_adds,
        }
        print_json({**document, "try": tried} if tried else document)
        return ExitCode.DONE
    _print_table(architecture, experiment)
    if tried:
        logits = ", ".join(f"{value:+.4f}" for value in tried["logits"])
        print_line(f"one random image, seed {tried['seed']}, untrained weights: logits {logits}")
    return ExitCode.DONE


def try_network(architecture: Architecture, experiment: Experiment) -> dict[str, Any]:
    """One random uint8 image through the freshly initialised network, both drawn from the experiment's seed."""
    import torch

    from engine.network import build_network
    from engine.training.seeds import generator_for

    seed = experiment.training.seed
    cpu = torch.device("cpu")
    channels, height, width = architecture.input_shape
    network = build_network(architecture, [0.5] * channels, [0.25] * channels, generator_for(seed, "weights", cpu))
    image = torch.randint(
        0, 256, (1, height, width, channels), dtype=torch.uint8, generator=generator_for(seed, "try", cpu)
    )
    with torch.no_grad():
        logits = network.eval()(image)[0]
    return {"seed": seed, "input_shape": [1, height, width, channels], "logits": logits.tolist()}


def _print_table(architecture: Architecture, experiment: Experiment) -> None:
    print_line(f"{experiment.model.name}, pooling {experiment.model.pooling}")
    columns = [Column("layer"), *(Column(text, right=True) for text in ("output", "parameters", "multiply-adds"))]
    rows = [["input", "x".join(map(str, architecture.input_shape)), "", ""]]
    for row in architecture.summary():
        shape = "x".join(map(str, row.output_shape))
        rows.append([row.name, shape, f"{row.parameters:,}", f"{row.multiply_adds:,}"])
    rows.append(["together", "", f"{architecture.parameters:,}", f"{architecture.multiply_adds:,}"])
    print_table(columns, rows)
