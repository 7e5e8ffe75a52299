"""ONNX files of runs, with proof: onnxruntime scores the whole test split and must say what the run said.

Nothing here imports torch, so that an export never disturbs a training.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from engine.architecture import build_architecture
from engine.data import ImageDataset, load_dataset
from engine.errors import DataError, LabError, RefusedError, RequestError
from engine.experiment import Experiment
from engine.onnx_graph import build_graph
from engine.onnx_model import OnnxModel
from engine.store import Run, RunStore, layout
from engine.store.arrays import Arrays, DamagedFileError, decode_arrays
from engine.store.files import check_target, read_file, replace_file
from engine.text import clean

TIE = 1e-4  # logits nearer than this may be ranked either way


def export_onnx(run: Run, *, output: Path | None = None, data_dir: Path | None = None) -> dict[str, Any]:
    """Write a run's selected weights as one ONNX file.

    Args:
        output: also there; None: in the run's folder alone.
        data_dir: where the data set lies; None: where it was for the training.

    Returns:
        The parity certificate, as in `export.json`, with the path of the file.

    Raises:
        RequestError: if the run is not over, or `output` cannot be a file.
        DataError: if its weights or data are missing, damaged or changed.
        LabError: if onnxruntime disagrees with the run; then no file is left.
    """
    _check_over(run)
    if output is not None:
        check_target(output, "output")
    dataset = _load_test_data(run, data_dir)
    experiment = Experiment.build(run.experiment)
    shape, flips = dataset.image_shape, experiment.training.test_flips
    architecture = build_architecture(experiment.model, shape, len(dataset.classes), test_flips=flips)
    summary = run.summary or {}
    metadata = {
        "classes": json.dumps(list(dataset.classes)),
        "dataset": dataset.name,
        "run": run.id,
        "run_name": run.name,
        "selected_epoch": str(summary.get("selected_epoch")),
        "selected_on": str(summary.get("selected_on")),
        "test_accuracy": repr(summary.get("test_accuracy")),
    }
    data = build_graph(architecture, dataset.image_shape, _load_weights(run), metadata)
    remedy = "nothing was kept; please report it"
    certificate = certify(OnnxModel(data, layout.MODEL), run, dataset, remedy=remedy)
    try:
        with run.own() as owner:
            replace_file(run.path / layout.MODEL, data)
            owner.write_export(certificate)
    except RefusedError:
        if output is None:
            raise
    if output is not None:
        replace_file(output, data)
    return {**certificate, "file": str(output or run.path / layout.MODEL)}


def verify(run: Run, *, path: Path | None = None, data_dir: Path | None = None) -> dict[str, Any]:
    """Score the file of an export again.

    Args:
        path: an ONNX file of this run elsewhere; None: the one in its folder, which must also be the one that
            was certified.

    Raises:
        RequestError: if there was no export.
        DataError: if the file is damaged, or not what was certified.
        LabError: if onnxruntime disagrees with the run.
    """
    _check_over(run)
    place = path or run.path / layout.MODEL
    if path is None and not place.exists():
        raise RequestError(f"{clean(run.name)} has not been exported; do it first: cnnlab export {run.id}", field="run")
    model = OnnxModel.load(place)
    certified = (run.export() or {}).get("sha256")
    if path is None and model.sha256 != certified:
        expected = certified or "none, export.json is missing"
        raise DataError(
            f"{clean(place)}: altered since its export: SHA-256 {model.sha256}, expected {expected}; "
            f"export it again: cnnlab export {run.id}"
        )
    if model.metadata.get("run") != run.id:
        raise DataError(f"{clean(place)}: was exported from run {clean(model.metadata.get('run'))}, not {run.id}")
    remedy = f"its weights are not those of the run; export it again: cnnlab export {run.id}"
    return {**certify(model, run, _load_test_data(run, data_dir), remedy=remedy), "file": str(place)}


def find_exported_run(path: Path, store: RunStore) -> Run:
    """The run that an ONNX file says it was exported from."""
    run_id = OnnxModel.load(path).metadata.get("run")
    if not run_id:
        raise DataError(f"{clean(path)}: does not say which run it was exported from")
    return store.get(run_id)


def certify(model: OnnxModel, run: Run, dataset: ImageDataset, *, remedy: str) -> dict[str, Any]:
    """onnxruntime against the run's own predictions, image by image over the whole test split.

    Args:
        remedy: what to do where they disagree, for the message.

    Raises:
        LabError: if they differ on an image whose two largest logits are not within 1e-4.
    """
    stored = run.predictions()
    if stored is None or "test.logits" not in stored:
        raise DataError(f"{run.id}: {layout.PREDICTIONS} is missing or damaged; train it again: cnnlab clone --run")
    logits = model.logits(dataset.test.images)
    kept, labels, predictions = stored["test.logits"], stored["test.labels"], stored["test.predictions"]
    if logits.shape != kept.shape:
        raise DataError(f"{model.place}: gives logits {list(logits.shape)}, the run has {list(kept.shape)}")
    said = logits.argmax(1)
    ranked = np.sort(kept, axis=1)
    ties = np.flatnonzero(ranked[:, -1] - ranked[:, -2] <= TIE)
    differing = np.flatnonzero(said != predictions)
    wrong = np.setdiff1d(differing, ties)
    if len(wrong):
        shown = ", ".join(map(str, wrong[:5]))
        raise LabError(
            f"{model.place}: onnxruntime disagrees with the run on {len(wrong)} of {len(said)} test images "
            f"(rows {shown}{', …' if len(wrong) > 5 else ''}); {remedy}"
        )
    return {
        "run": run.id,
        "file": layout.MODEL,
        "sha256": model.sha256,
        "split": "test",
        "images": len(said),
        "agreement": float((said == predictions).mean()),
        "max_abs_difference": float(np.abs(logits - kept).max()),
        "accuracy": float((said == labels).mean()),
        "stored_accuracy": (run.summary or {}).get("test_accuracy"),
        "ties": ties.tolist(),
        "differing": differing.tolist(),
    }


def _check_over(run: Run) -> None:
    run.check_whole()
    if run.state not in ("finished", "stopped"):
        raise RequestError(
            f"{clean(run.name)} is {run.state}: only a run that is finished or stopped has a model; see `cnnlab runs`",
            field="run",
        )
    if run.state == "stopped" and not run.summary:
        raise RequestError(f"{clean(run.name)} was stopped before it began: it has no model", field="run")


def _load_weights(run: Run) -> Arrays:
    try:
        data = read_file(run.path / layout.BEST, max_bytes=layout.MAX_BYTES[layout.BEST])
        return decode_arrays(data)[0]
    except (FileNotFoundError, DamagedFileError) as error:
        raise DataError(f"{run.id}: {layout.BEST} is missing or damaged; its model cannot be exported") from error


def _load_test_data(run: Run, data_dir: Path | None) -> ImageDataset:
    recorded = (run.document.get("request") or {}).get("data_dir")
    place = data_dir or (Path(recorded) if recorded else None)
    dataset = load_dataset(Experiment.build(run.experiment).dataset, place)
    expected = (run.summary or {}).get("test_sha256")
    if dataset.test_sha256 != expected:
        raise DataError(
            f"{dataset.name}: the test images are not those that {run.id} was scored on "
            f"(SHA-256 {dataset.test_sha256[:12]}…, expected {str(expected)[:12]}…); give the same data with --data-dir"
        )
    return dataset
