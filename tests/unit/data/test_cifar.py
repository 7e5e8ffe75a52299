"""The CIFAR archives: read from an archive or a folder, checked, cached, and never trusted after a change."""

from __future__ import annotations

import gzip
import hashlib
import os
import pickle
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data import cache, load_dataset
from engine.data.cifar import Cifar
from engine.data.pickles import parse_pickle
from engine.errors import DataError
from engine.experiment import DatasetSettings
from tests.unit.data.small_cifar import archive_bytes, members, small_cifar, unpack


@pytest.fixture
def files() -> dict[str, bytes]:
    return members()


@pytest.fixture
def source(files: dict[str, bytes]) -> Cifar:
    return small_cifar(files)


def test_archive_and_folder_and_either_itself_give_the_same_images(
    tmp_path: Path, files: dict[str, bytes], source: Cifar
) -> None:
    packed, unpacked = tmp_path / "packed", unpack(files, tmp_path / "unpacked")
    packed.mkdir()
    (packed / "small-python.tar.gz").write_bytes(archive_bytes(files))
    raw = pickle.loads(files["train"], encoding="bytes")[b"data"]  # our own bytes
    for place in (packed, packed / "small-python.tar.gz", unpacked, unpacked / "small-python"):
        decoded = source.decode(place, 32, skip_broken=False)
        assert decoded.train.images.shape == (30, 32, 32, 3)
        np.testing.assert_array_equal(decoded.train.images[7, :, :, 1].ravel(), raw[7, 1024:2048])
        assert decoded.train.labels.tolist() == [k % 3 for k in range(30)]
    assert not (tmp_path / "outside").exists()


def test_decoded_images_are_mapped_from_a_cache_outside_the_data_folder(
    tmp_path: Path, files: dict[str, bytes], source: Cifar, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = unpack(files, tmp_path)
    before = sorted(tmp_path.rglob("*"))
    first = source.decode(place, 32, skip_broken=False)
    assert isinstance(first.train.images, np.memmap)
    assert sorted(tmp_path.rglob("*")) == before
    monkeypatch.setattr(Cifar, "_decode", lambda self, folder: pytest.fail("the cache was not used"))
    np.testing.assert_array_equal(source.decode(place, 32, skip_broken=False).train.images, first.train.images)


def test_a_cache_is_not_trusted_after_its_source_changed(tmp_path: Path, files: dict[str, bytes]) -> None:
    place = unpack(files, tmp_path)
    old = small_cifar(files).decode(place, 32, skip_broken=False)
    changed = members(seed=1)
    path = place / "small-python" / "train"
    status = path.stat()
    path.write_bytes(changed["train"])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # even where size and time were put back
    new = small_cifar({**files, "train": changed["train"]}).decode(place, 32, skip_broken=False)
    assert not np.array_equal(old.train.images, new.train.images)
    with pytest.raises(DataError, match="altered"):
        small_cifar(files).decode(place, 32, skip_broken=False)


DAMAGES: list[Callable[[Path], Any]] = [
    lambda folder: (folder / "about.json").write_text("{"),
    lambda folder: (folder / "train.images.npy").unlink(),
    lambda folder: os.truncate(folder / "test.images.npy", 1000),
    lambda folder: (folder / "test.labels.npy").write_bytes(b"x"),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_made_anew(
    tmp_path: Path,
    files: dict[str, bytes],
    source: Cifar,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[Path], Any],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = unpack(files, tmp_path / "data")
    first = np.array(source.decode(place, 32, skip_broken=False).test.images)
    (folder,) = (cache.cache_home() / "decoded").iterdir()
    damage(folder)
    np.testing.assert_array_equal(source.decode(place, 32, skip_broken=False).test.images, first)


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(
    tmp_path: Path, files: dict[str, bytes], source: Cifar, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(source.decode(unpack(files, tmp_path), 32, skip_broken=False).test.labels) == 15


def test_missing_data_name_the_place_and_the_remedy(tmp_path: Path, source: Cifar) -> None:
    with pytest.raises(DataError, match=r"neither small-python/ nor small-python.tar.gz .*cnnlab data fetch cifar100"):
        source.decode(tmp_path, 32, skip_broken=False)


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.9])
def test_an_archive_that_was_cut_says_so(tmp_path: Path, files: dict[str, bytes], source: Cifar, kept: float) -> None:
    data = archive_bytes(files)
    (tmp_path / "small-python.tar.gz").write_bytes(data[: int(kept * len(data)) if 0 < kept < 1 else int(kept)])
    with pytest.raises(DataError, match=r"small-python\.tar\.gz: .*fetch it"):
        source.decode(tmp_path, 32, skip_broken=False)


def test_an_altered_member_names_both_checksums(tmp_path: Path, files: dict[str, bytes], source: Cifar) -> None:
    altered = bytearray(files["test"])
    altered[-10] ^= 1
    place = unpack({**files, "test": bytes(altered)}, tmp_path)
    got, expected = hashlib.md5(altered).hexdigest(), hashlib.md5(files["test"]).hexdigest()
    with pytest.raises(DataError, match=f"test is altered: MD5 {got}, expected {expected}"):
        source.decode(place, 32, skip_broken=False)


def test_a_missing_member_is_named(tmp_path: Path, files: dict[str, bytes], source: Cifar) -> None:
    place = unpack(files, tmp_path)
    (place / "small-python" / "test").unlink()
    with pytest.raises(DataError, match="test missing"):
        source.decode(place, 32, skip_broken=False)


class Bomb:
    """Pickled, it calls `os.system`."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.marker}",)


def test_a_member_instead_of_the_archive_is_no_archive(tmp_path: Path, files: dict[str, bytes], source: Cifar) -> None:
    place = unpack(files, tmp_path) / "small-python" / "test"
    with pytest.raises(DataError, match="test: cut short or altered"):
        source.decode(place, 32, skip_broken=False)


def test_an_archive_that_would_unpack_without_end_is_refused(
    tmp_path: Path, files: dict[str, bytes], source: Cifar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.data.archive._UNPACKED_BYTES", 1 << 20)
    claim = tarfile.TarInfo("x")
    claim.type, claim.size = tarfile.XHDTYPE, 1 << 32  # Python reads such a header into memory, whatever it claims
    bomb = claim.tobuf(tarfile.USTAR_FORMAT) + bytes(4 << 20)
    for data in (bomb, gzip.compress(bomb)):
        (tmp_path / "small-python.tar.gz").write_bytes(data)
        with pytest.raises(DataError, match="unpacks to more than 1 MiB; refused"):
            source.decode(tmp_path, 32, skip_broken=False)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_malicious_pickle_is_refused_and_nothing_runs(tmp_path: Path, protocol: int) -> None:
    marker = tmp_path / "marker"
    data = pickle.dumps({b"data": Bomb(marker)}, protocol=protocol)
    with pytest.raises(DataError, match=r"refused, it refers to (posix|nt)\.system"):
        parse_pickle(data, "train")
    assert not marker.exists()


@pytest.mark.parametrize(
    "text", [b"cbuiltins\neval\n.", b"cnumpy\nload\n.", b"cos\nsystem\n.", b"", b"garbage", b"\x80\x02]q\x00."]
)
def test_pickles_that_are_something_else_are_refused(text: bytes) -> None:
    with pytest.raises(DataError, match="train"):
        parse_pickle(text, "train")


WRONG: list[tuple[dict[bytes, Any], str]] = [
    ({b"data": np.zeros((3, 3072), np.float32), b"fine_labels": [0, 1, 2]}, "not uint8"),
    ({b"data": np.zeros((3, 100), np.uint8), b"fine_labels": [0, 1, 2]}, "not uint8"),
    ({b"data": np.zeros((3, 3072), np.uint8), b"fine_labels": [0, 1]}, "not 3 labels"),
    ({b"data": np.zeros((3, 3072), np.uint8), b"fine_labels": [0, 1, 3]}, "not 3 labels"),
    ({b"fine_labels": [0]}, "not uint8"),
]


@pytest.mark.parametrize(("document", "words"), WRONG)
def test_arrays_of_a_wrong_shape_are_refused(
    tmp_path: Path, files: dict[str, bytes], document: dict[bytes, Any], words: str
) -> None:
    changed = {**files, "train": pickle.dumps(document, protocol=2)}
    with pytest.raises(DataError, match=words):
        small_cifar(changed).decode(unpack(changed, tmp_path), 32, skip_broken=False)


def test_a_validation_split_is_part_of_train_and_test_stays_whole(real_data: Path) -> None:
    wished = DatasetSettings(name="cifar100", classes=("apple", "aquarium_fish", "baby"))
    dataset = load_dataset(wished, real_data)
    assert [len(split.labels) for split in (dataset.train, dataset.validation, dataset.test)] == [1350, 150, 300]
    assert np.bincount(dataset.validation.labels).tolist() == [50, 50, 50]
    other = load_dataset(wished.model_copy(update={"split_seed": 1}), real_data)
    assert other.test_sha256 == dataset.test_sha256
    assert not np.array_equal(other.validation.images, dataset.validation.images)
    on_test = load_dataset(wished.model_copy(update={"validation": "test"}), real_data)
    assert on_test.selected_on == "test"
    assert len(on_test.train.labels) == 1500


def test_other_class_names_are_another_test_set(real_data: Path) -> None:
    first = load_dataset(DatasetSettings(name="cifar100", classes=("apple", "pear")), real_data)
    second = load_dataset(DatasetSettings(name="cifar100", classes=("apple", "orange")), real_data)
    assert first.test_sha256 != second.test_sha256


def test_an_unpacked_copy_of_the_real_folder_alone_is_enough(real_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "renamed"
    folder.mkdir()
    for name in ("train", "test", "meta"):
        (folder / name).symlink_to(real_data / "cifar-100-python" / name)
    dataset = load_dataset(DatasetSettings(name="cifar100", classes=("0", "1")), folder)
    assert dataset.classes == ("apple", "aquarium_fish")
    shutil.rmtree(folder)


def test_a_source_with_other_checksums_has_another_key(files: dict[str, bytes], source: Cifar, tmp_path: Path) -> None:
    place = unpack(files, tmp_path)
    strict = replace(source, files=replace(source.files, members={**source.files.members, "train": "0" * 32}))
    source.decode(place, 32, skip_broken=False)
    with pytest.raises(DataError, match="expected 00000"):
        strict.decode(place, 32, skip_broken=False)


def test_cifar10_is_its_batches_in_order(tmp_path: Path) -> None:
    from engine.data.cifar import CIFAR10_SOURCE

    random, batches = np.random.default_rng(0), {}
    for name in (*CIFAR10_SOURCE.train, *CIFAR10_SOURCE.test):
        data = random.integers(0, 256, (20, 3072), dtype=np.uint8)
        batches[name] = pickle.dumps({b"data": data, b"labels": [k % 10 for k in range(20)]}, protocol=2)
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name, content in batches.items():
        (folder / name).write_bytes(content)
    sums = {name: hashlib.md5(content).hexdigest() for name, content in batches.items()}
    source = replace(CIFAR10_SOURCE, files=replace(CIFAR10_SOURCE.files, members=sums))
    decoded = source.decode(tmp_path, 32, skip_broken=False)
    assert (len(decoded.train.labels), len(decoded.test.labels)) == (100, 20)
    last = pickle.loads(batches["data_batch_5"], encoding="bytes")[b"data"]  # our own bytes
    np.testing.assert_array_equal(decoded.train.images[80:, :, :, 2].reshape(20, -1), last[:, 2048:])
    assert decoded.classes[3] == "cat"
