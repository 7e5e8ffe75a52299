"""`cnnlab export`, `verify`, `predict`: the ONNX file of a run. None of them imports torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.cli.options import data_dir_option, find_run, json_option, open_store, run_argument, runs_option
from engine.cli.output import print_json, print_line
from engine.errors import ExitCode
from engine.format import percent
from engine.text import clean


@click.command()
@run_argument()
@click.option(
    "-o", "--output", metavar="F", type=click.Path(path_type=Path, readable=False), help="write the file there as well"
)
@data_dir_option
@runs_option
@json_option
def export(reference: str, output: Path | None, data_dir: Path | None, runs_dir: Path | None, as_json: bool) -> int:
    """Save a run's best weights as one ONNX file, and prove that it says the same.

    The file takes uint8 images [N, H, W, C] and gives logits. onnxruntime scores the whole test split with it; a
    file that disagrees with the run is not kept.
    """
    from engine.export import export_onnx

    run = find_run(open_store(runs_dir), reference)
    return _say(export_onnx(run, output=output, data_dir=data_dir), as_json)


@click.command()
@run_argument(metavar="RUN|F.onnx")
@data_dir_option
@runs_option
@json_option
def verify(reference: str, data_dir: Path | None, runs_dir: Path | None, as_json: bool) -> int:
    """Score an exported file again: the same predictions, image by image, with nothing in memory."""
    from engine.export import find_exported_run
    from engine.export import verify as verify_run

    store = open_store(runs_dir)
    path = _onnx_file(reference)
    run = find_run(store, reference) if path is None else find_exported_run(path, store)
    return _say(verify_run(run, path=path, data_dir=data_dir), as_json)


@click.command()
@run_argument(metavar="RUN|F.onnx")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path(path_type=Path, readable=False))
@click.option("--top", type=click.IntRange(1, 1000), default=3, show_default=True, help="classes listed for each image")
@runs_option
@json_option
def predict(reference: str, images: tuple[Path, ...], top: int, runs_dir: Path | None, as_json: bool) -> int:
    """Classify pictures of your own with an exported run."""
    from engine.prediction import predict as predict_pictures

    path = _onnx_file(reference)
    model = find_run(open_store(runs_dir), reference) if path is None else path
    document = predict_pictures(model, images, top=top)
    if as_json:
        print_json(document)
        return ExitCode.DONE
    for row in document["predictions"]:
        ranked = ", ".join(f"{clean(item['class'])} {percent(item['probability'])} %" for item in row["top"])
        print_line(f"{clean(row['file'])}: {ranked}")
    return ExitCode.DONE


def _onnx_file(reference: str) -> Path | None:
    return Path(reference) if reference.endswith(".onnx") else None


def _say(certificate: dict[str, Any], as_json: bool) -> int:
    if as_json:
        print_json(certificate)
        return ExitCode.DONE
    print_line(clean(certificate["file"]))
    agreement = f"{percent(certificate['agreement'], 2).removesuffix('.00')} %"
    print_line(
        f"onnxruntime on {certificate['images']:,} test images: {agreement} predicted as by the run, "
        f"accuracy {percent(certificate['accuracy'], 2)} % (run {percent(certificate['stored_accuracy'], 2)} %), "
        f"largest difference of a logit {certificate['max_abs_difference']:.1e}"
    )
    if certificate["ties"]:
        rows = ", ".join(map(str, certificate["ties"][:10]))
        print_line(f"images whose two largest logits are within 1e-4: {rows}")
    print_line(f"SHA-256 {certificate['sha256']}")
    return ExitCode.DONE
