"""ONNX: the graph against torch, the certificate against the run, and files that are not what they seem."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from PIL import Image

from engine import export_onnx, predict, verify
from engine.architecture import Architecture, build_architecture
from engine.errors import DataError, LabError, RefusedError, RequestError
from engine.experiment import ModelSettings
from engine.layers import AvgPool, Conv, Flatten, GlobalMaxPool, Layer, Linear, MaxPool, Relu
from engine.network import build_network
from engine.onnx_bounds import images_at_once
from engine.onnx_graph import build_graph
from engine.onnx_model import OnnxModel
from engine.store import Run, layout
from engine.training.seeds import generator_for

MIXED: tuple[Layer, ...] = (Conv(4, 3, 2, 1), Relu(), MaxPool(2), Conv(6, 1), AvgPool(2), GlobalMaxPool(), Linear(5))
NETWORKS = [
    *(build_architecture(ModelSettings(pooling=p), (32, 32, 3), 3) for p in ("stride", "max", "avg")),  # type: ignore[arg-type]
    Architecture((3, 32, 32), MIXED),
    Architecture((1, 16, 16), (Flatten(), Linear(2))),
]


@pytest.mark.parametrize("architecture", NETWORKS, ids=lambda network: network.layers[-2].title)
def test_the_graph_computes_what_the_torch_module_computes(architecture: Architecture) -> None:
    channels, height, width = architecture.input_shape
    cpu = torch.device("cpu")
    mean, std = [0.4] * channels, [0.3] * channels
    network = build_network(architecture, mean, std, generator_for(0, "weights", cpu)).eval()
    weights = {name: tensor.contiguous().numpy() for name, tensor in network.state_dict().items()}
    classes = json.dumps([str(k) for k in range(architecture.classes)])
    data = build_graph(architecture, (height, width, channels), weights, {"classes": classes})
    model = OnnxModel(data, "model")
    images = np.random.default_rng(0).integers(0, 256, (300, height, width, channels), dtype=np.uint8)
    with torch.no_grad():
        expected = network(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(model.logits(images), expected, atol=1e-5)
    assert data == build_graph(architecture, (height, width, channels), weights, {"classes": classes})


def test_an_export_agrees_image_by_image_and_leaves_no_path(trained: Run, tmp_path: Path) -> None:
    certificate = export_onnx(trained, output=tmp_path / "out.onnx")
    assert certificate["agreement"] == 1.0
    assert certificate["accuracy"] == (trained.summary or {})["test_accuracy"]
    assert certificate["max_abs_difference"] < 1e-4
    data = (trained.path / layout.MODEL).read_bytes()
    assert data == (tmp_path / "out.onnx").read_bytes()
    stored = trained.export()
    assert stored is not None
    assert stored["file"] == "model.onnx"
    assert {key: value for key, value in stored.items() if key != "file"} == {
        key: value for key, value in certificate.items() if key != "file"
    }
    for part in (b"/home", b"/root", b"/tmp", str(tmp_path).encode(), str(Path.cwd()).encode()):
        assert part not in data
    model = onnx.load_model_from_string(data)
    (value,) = model.graph.input
    assert value.name == "image"
    assert value.type.tensor_type.elem_type == TensorProto.UINT8
    assert value.type.tensor_type.shape.dim[0].dim_param == "N"
    metadata = {item.key: item.value for item in model.metadata_props}
    assert json.loads(metadata["classes"]) == ["0", "1"]
    assert (metadata["run"], metadata["dataset"]) == (trained.id, "digits")
    assert verify(trained)["sha256"] == certificate["sha256"]
    assert verify(trained, path=tmp_path / "out.onnx")["agreement"] == 1.0


def test_a_run_that_is_not_over_has_no_model(store: Any, tiny: Any) -> None:
    run = store.create(tiny().to_dict(), fingerprint="f", name="new")
    with pytest.raises(RequestError, match="is queued: only a run that is finished or stopped"):
        export_onnx(run)


def test_a_run_that_was_stopped_before_it_began_has_no_model(store: Any, tiny: Any) -> None:
    run = store.create(tiny().to_dict(), fingerprint="f", name="new")
    with run.own() as owner:
        owner.update(state="stopped")
    with pytest.raises(RequestError, match="new was stopped before it began: it has no model"):
        export_onnx(run.reload())


def test_weights_that_disagree_with_the_run_leave_no_file(trained: Run) -> None:
    from engine.store.arrays import decode_arrays, encode_arrays

    arrays, scalars = decode_arrays((trained.path / layout.BEST).read_bytes())
    name = max(key for key in arrays if key.endswith(".weight"))
    arrays[name] = -arrays[name]
    (trained.path / layout.BEST).write_bytes(encode_arrays(arrays, scalars))
    with pytest.raises(LabError, match=r"disagrees with the run on \d+ of"):
        export_onnx(trained)
    assert not (trained.path / layout.MODEL).exists()
    assert trained.export() is None


def test_damaged_weights_and_changed_data_are_named(trained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray((trained.path / layout.BEST).read_bytes())
    data[-1] ^= 1
    (trained.path / layout.BEST).write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"best\.safetensors is missing or damaged"):
        export_onnx(trained)
    with trained.own() as owner:
        owner.update(summary={**(trained.summary or {}), "test_sha256": "0" * 64})
    with pytest.raises(DataError, match="not those that"):
        export_onnx(trained.reload())


def test_an_altered_file_is_not_verified_nor_predicted_with(trained: Run, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="has not been exported"):
        verify(trained)
    export_onnx(trained)
    model = onnx.load(trained.path / layout.MODEL)
    model.graph.initializer[0].name += ""
    model.producer_version = "other"
    (trained.path / layout.MODEL).write_bytes(model.SerializeToString())
    with pytest.raises(DataError, match="altered since its export"):
        verify(trained)
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="altered since its export"):
        predict(trained, [tmp_path / "a.png"])


def minimal(change: Callable[[onnx.ModelProto], None] | None = None) -> bytes:
    weight = helper.make_tensor("w", TensorProto.FLOAT, [12, 2], np.zeros(24, dtype=np.float32))
    nodes = [
        helper.make_node("Cast", ["image"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["x"], ["y"]),
        helper.make_node("MatMul", ["y", "w"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 2, 2, 3])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 2])],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {"classes": '["a", "b"]'})
    if change:
        change(model)
    return bytes(model.SerializeToString())


def external(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("float_data")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def foreign(model: onnx.ModelProto) -> None:
    model.graph.node[2].domain = "com.evil"
    model.opset_import.append(helper.make_opsetid("com.evil", 1))


def renamed(model: onnx.ModelProto) -> None:
    model.graph.input[0].name = "x0"
    model.graph.node[0].input[0] = "x0"


def nameless(model: onnx.ModelProto) -> None:
    model.ClearField("metadata_props")


def boundless(model: onnx.ModelProto) -> None:
    """A terabyte out of nothing, reduced to two logits."""
    size = helper.make_tensor("size", TensorProto.INT64, [3], [200_000, 200_000, 10])
    shape = helper.make_tensor("shape", TensorProto.INT64, [2], [1, 2])
    nodes = [
        helper.make_node("ConstantOfShape", ["size"], ["much"]),
        helper.make_node("ReduceMax", ["much"], ["most"], keepdims=0),
        helper.make_node("Expand", ["most", "shape"], ["z"]),
        helper.make_node("Add", ["y2", "z"], ["logits"]),
    ]
    model.graph.node[2].output[0] = "y2"
    model.graph.node.extend(nodes)
    model.graph.initializer.extend([size, shape])


def enormous(model: onnx.ModelProto) -> None:
    for place, size in ((1, 100_000), (2, 100_000), (3, 2)):
        model.graph.input[0].type.tensor_type.shape.dim[place].dim_value = size
    model.graph.node[2].CopyFrom(helper.make_node("ReduceMax", ["x"], ["logits"], axes=[1, 2], keepdims=0))


def nested(model: onnx.ModelProto) -> None:
    helper.set_model_props(model, {"classes": "[" * 100_000})


DANGERS: list[tuple[Callable[[onnx.ModelProto], None], str]] = [
    (external, "external data"),
    (foreign, "not plain ONNX"),
    (renamed, "not one of ours"),
    (nameless, "do not name the classes"),
    (nested, "do not name the classes"),
    (boundless, "would need room for 400,000,000,000 numbers"),
    (enormous, "would need room for 20,000,000,000 numbers"),
]


@pytest.mark.parametrize(("change", "words"), DANGERS)
def test_foreign_files_are_refused_by_their_danger(
    tmp_path: Path, change: Callable[[onnx.ModelProto], None], words: str
) -> None:
    assert OnnxModel(minimal(), "ok").classes == ("a", "b")
    path = tmp_path / "foreign.onnx"
    path.write_bytes(minimal(change))
    with pytest.raises(DataError, match=words):
        OnnxModel.load(path)


def not_finite(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].float_data[:] = [float("nan")] * 24


def one_row(model: onnx.ModelProto) -> None:
    """Says `[N, 2]`, and gives `[1, 2]`: shapes may be broadcast."""
    constant = helper.make_tensor("logits0", TensorProto.FLOAT, [1, 2], [0.0, 1.0])
    model.graph.initializer.append(constant)
    model.graph.node[2].CopyFrom(helper.make_node("Identity", ["logits0"], ["logits"]))


@pytest.mark.parametrize(("change", "words"), [(not_finite, "not finite"), (one_row, r"not float32 \[5, 2\]")])
def test_a_model_that_misbehaves_while_it_runs_is_said_in_a_line(
    change: Callable[[onnx.ModelProto], None], words: str
) -> None:
    images = np.zeros((5, 2, 2, 3), dtype=np.uint8)
    assert OnnxModel(minimal(), "ok").logits(images).shape == (5, 2)
    model = OnnxModel(minimal(change), "bad")
    with pytest.raises(DataError, match=words):
        model.logits(images)
    with pytest.raises(DataError, match="takes images of 2x2x3, these are 9x9x3"):
        model.logits(np.zeros((5, 9, 9, 3), dtype=np.uint8))


def test_a_large_network_is_scored_in_small_batches() -> None:
    assert images_at_once(onnx.load_model_from_string(minimal())) == 256

    def wide(model: onnx.ModelProto) -> None:
        for place in (1, 2):
            model.graph.input[0].type.tensor_type.shape.dim[place].dim_value = 1024
        model.graph.initializer[0].CopyFrom(
            helper.make_tensor("w", TensorProto.FLOAT, [3 << 20, 2], np.zeros(6 << 20, dtype=np.float32))
        )

    assert images_at_once(onnx.load_model_from_string(minimal(wide))) == 21


@pytest.mark.parametrize("data", [b"", b"not onnx", minimal()[:-30]])
def test_what_is_no_model_is_said_in_a_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"bad\.onnx: ") as error:
        OnnxModel.load(path)
    assert "\n" not in error.value.message
    with pytest.raises(DataError, match="no such file"):
        OnnxModel.load(tmp_path / "none.onnx")


def test_a_picture_gets_classes_with_probabilities_that_add_to_one(trained: Run, tmp_path: Path) -> None:
    from engine.data import class_samples

    export_onnx(trained)
    paths = []
    for name in ("0", "1"):
        path = tmp_path / f"{name}.png"
        Image.fromarray(class_samples("digits", name, count=1)[0]).resize((50, 70)).save(path)
        paths.append(path)
    document = predict(trained, paths)
    assert document["run"] == trained.id
    for row, path in zip(document["predictions"], paths, strict=True):
        assert row["file"] == str(path)
        assert row["class"] == row["top"][0]["class"]
        assert sum(item["probability"] for item in row["top"]) == pytest.approx(1.0)
    assert predict(trained.path / layout.MODEL, paths) == document
    assert len(predict(trained, paths, top=1)["predictions"][0]["top"]) == 1


def test_every_bad_picture_is_named_before_any_is_classified(trained: Run, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="export it first: cnnlab export"):
        predict(trained, [tmp_path / "a.png"])
    export_onnx(trained)
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(DataError) as error:
        predict(trained, [tmp_path / "none.png", tmp_path / "text.png"])
    assert len(error.value.message.splitlines()) == 2


def test_pictures_that_are_no_files_neither_block_nor_break(trained: Run, tmp_path: Path) -> None:
    export_onnx(trained)
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(DataError) as error:
        predict(trained, [tmp_path / "pipe.png", tmp_path, Path("/dev/zero")])
    assert [line.rpartition(": ")[2] for line in error.value.message.splitlines()] == ["not a file"] * 3


def test_an_export_never_replaces_a_device_and_says_early_where_it_cannot_be(
    trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RequestError, match="is no regular file"):
        export_onnx(trained, output=tmp_path / "pipe")
    assert not (tmp_path / "pipe").is_file()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(RefusedError, match="is read-only; give a name in another folder"):
        export_onnx(trained, output=tmp_path / "model.onnx")
    assert not (trained.path / layout.MODEL).exists()


def test_predictions_are_those_of_the_stored_test_split(trained: Run) -> None:
    """One float of difference in a logit is allowed, one other class is not."""
    export_onnx(trained)
    model = OnnxModel.load(trained.path / layout.MODEL)
    from engine.data import load_dataset
    from engine.experiment import Experiment

    dataset = load_dataset(Experiment.build(trained.experiment).dataset)
    stored = trained.predictions()
    assert stored is not None
    np.testing.assert_array_equal(model.logits(dataset.test.images).argmax(1), stored["test.predictions"])
