"""A user's own images: what is skipped, what is refused, and what a link may not reach."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data import ImageDataset, describe_dataset, load_dataset
from engine.data.pictures import PictureError, load_picture
from engine.errors import DataError, RequestError, SettingsError
from engine.experiment import DatasetSettings

FOLDER = DatasetSettings(name="folder", image_size=16)


def picture(path: Path, value: int = 0, size: tuple[int, int] = (20, 10), mode: str = "RGB") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((size[1], size[0], 3), value, dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("pear", "apple"):
        for number in range(10):
            picture(tmp_path / name / f"{number}.png", 10 * number)
    return tmp_path


def count_images(dataset: ImageDataset) -> int:
    return sum(len(split.labels) for split in (dataset.train, dataset.validation, dataset.test))


def test_classes_are_sorted_folders_and_a_fixed_fifth_is_test(root: Path) -> None:
    dataset = load_dataset(FOLDER, root)
    assert dataset.classes == ("apple", "pear")
    assert [len(split.labels) for split in (dataset.train, dataset.validation, dataset.test)] == [14, 2, 4]
    assert dataset.image_shape == (16, 16, 3)
    again = load_dataset(FOLDER.model_copy(update={"split_seed": 5}), root)
    assert again.test_sha256 == dataset.test_sha256


def test_train_and_test_folders_are_used_as_they_are(tmp_path: Path) -> None:
    for split, count in (("train", 4), ("test", 3)):
        for name in ("a", "b"):
            for number in range(count):
                picture(tmp_path / split / name / f"{number}.jpg", 20 * number)
    dataset = load_dataset(FOLDER, tmp_path)
    assert [len(split.labels) for split in (dataset.train, dataset.validation, dataset.test)] == [6, 2, 6]
    picture(tmp_path / "test" / "c" / "0.png")
    with pytest.raises(DataError, match=r"c is not in .*; add images, or leave it out"):
        load_dataset(FOLDER, tmp_path)


def test_a_train_folder_without_a_test_folder_is_told_what_it_needs(tmp_path: Path) -> None:
    picture(tmp_path / "train" / "a" / "0.png")
    picture(tmp_path / "val" / "a" / "0.png")
    with pytest.raises(DataError, match=r"no images; train/ needs test/ beside it; .* --data-dir .*train$"):
        load_dataset(FOLDER, tmp_path)


@pytest.mark.parametrize("content", [b"just text", b"", b"\x89PNG\r\n\x1a\n broken"])
def test_a_broken_image_is_named_and_skipped_only_if_asked(root: Path, content: bytes) -> None:
    (root / "apple" / "bad.png").write_bytes(content)
    with pytest.raises(DataError, match=r"bad\.png: .*dataset\.skip_broken=true"):
        load_dataset(FOLDER, root)
    dataset = load_dataset(FOLDER.model_copy(update={"skip_broken": True}), root)
    assert len(dataset.train.labels) == 14
    assert "bad.png" in dataset.notices[0]


def test_an_image_cut_short_is_broken(root: Path) -> None:
    path = root / "apple" / "0.png"
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match=r"0\.png: a broken image"):
        load_dataset(FOLDER, root)


def test_a_folder_without_images_says_what_it_must_hold(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "notes.txt").write_text("hello")
    for place in (tmp_path, tmp_path / "a"):
        with pytest.raises(DataError, match="no images"):
            load_dataset(FOLDER, place)
    with pytest.raises(DataError, match="no such folder"):
        load_dataset(FOLDER, tmp_path / "none")
    with pytest.raises(RequestError, match="--data-dir"):
        load_dataset(FOLDER, None)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_class_with_too_few_images_is_named_with_its_count(root: Path, count: int) -> None:
    (root / "plum").mkdir()
    for number in range(count):
        picture(root / "plum" / f"{number}.png")
    with pytest.raises(SettingsError, match=rf"plum has {min(count, 1)}"):
        load_dataset(FOLDER, root)
    chosen = FOLDER.model_copy(update={"classes": ("apple", "pear")})
    assert load_dataset(chosen, root).classes == ("apple", "pear")


def test_links_that_lead_outside_are_named_and_never_followed(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    picture(outside / "secret" / "0.png")
    (root / "linked").symlink_to(outside / "secret")
    (root / "apple" / "link.png").symlink_to(outside / "secret" / "0.png")
    (root / "apple" / "circle.png").symlink_to("circle.png")
    (root / "around").symlink_to("around")
    (root / ".hidden").mkdir()
    with pytest.raises(DataError) as error:
        load_dataset(FOLDER, root)
    assert len(error.value.message.splitlines()) == 4
    assert "link.png: a link that leads nowhere, or out of the folder" in error.value.message
    dataset = load_dataset(FOLDER.model_copy(update={"skip_broken": True}), root)
    assert dataset.classes == ("apple", "pear")
    assert count_images(dataset) == 20


def test_links_within_the_folder_are_followed(root: Path) -> None:
    (root / "apple" / "again.png").symlink_to("0.png")
    assert count_images(load_dataset(FOLDER, root)) == 21


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_folder(path: Path) -> None:
    path.mkdir()


def make_socket(path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(path.parent):
        server.bind(path.name)


@pytest.mark.parametrize(
    ("make", "words"), [(make_pipe, "a pipe"), (make_folder, "a folder"), (make_socket, "a socket")]
)
@pytest.mark.parametrize("split", [False, True])
def test_what_is_called_like_an_image_and_is_none_is_named(
    tmp_path: Path, make: Callable[[Path], None], words: str, split: bool
) -> None:
    for place in (tmp_path / "train", tmp_path / "test") if split else (tmp_path,):
        for name in ("pear", "apple"):
            for number in range(10):
                picture(place / name / f"{number}.png", 10 * number)
        make(place / "apple" / "odd.PNG")
    with pytest.raises(DataError, match=rf"odd\.PNG: {words}, not an image; mend it, or .*dataset\.skip_broken=true"):
        load_dataset(FOLDER, tmp_path)
    dataset = load_dataset(FOLDER.model_copy(update={"skip_broken": True}), tmp_path)
    assert count_images(dataset) == (40 if split else 20)
    assert len(dataset.notices) == (2 if split else 1)


def test_a_pipe_beside_the_images_of_another_name_is_nobodys_business(root: Path) -> None:
    os.mkfifo(root / "apple" / "queue")
    os.mkfifo(root / "pipe.png")
    assert count_images(load_dataset(FOLDER, root)) == 20


def test_all_broken_images_are_named_at_once_up_to_ten(root: Path) -> None:
    for number in range(12):
        (root / "apple" / f"bad-{number}.png").write_bytes(b"x")
    with pytest.raises(DataError) as error:
        load_dataset(FOLDER, root)
    lines = error.value.message.splitlines()
    assert len(lines) == 11
    assert all("not an image" in line for line in lines[:10])
    assert lines[10] == "and 2 more"


def test_looking_into_a_folder_counts_what_can_be_read_and_names_the_rest(root: Path) -> None:
    (root / "apple" / "bad.png").write_bytes(b"x")
    info = describe_dataset("folder", root)
    assert sum((entry.train or 0) + (entry.test or 0) for entry in info.classes) == 20
    assert info.notices == (f"skipped {root}/apple/bad.png: not an image",)


def test_a_changed_folder_is_decoded_anew(root: Path) -> None:
    first = load_dataset(FOLDER, root)
    picture(root / "apple" / "3.png", 255)
    assert load_dataset(FOLDER, root).mean.tolist() != first.mean.tolist()


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "LA", "CMYK"])
def test_every_kind_of_picture_becomes_rgb(tmp_path: Path, mode: str) -> None:
    suffix = ".tif" if mode == "CMYK" else ".png"
    path = picture(tmp_path / f"a{suffix}", 200, mode=mode)
    assert load_picture(path, 8, 6).shape == (8, 6, 3)


def test_sixteen_bits_of_grey_keep_their_brightness(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    Image.fromarray(np.full((9, 9), 200 * 256, dtype=np.uint16)).save(path)
    assert load_picture(path, 4, 4)[0, 0].tolist() == [200, 200, 200]


def test_a_pgm_of_sixteen_bits_keeps_its_brightness(tmp_path: Path) -> None:
    path = tmp_path / "grey.pgm"
    path.write_bytes(b"P5 4 4 65535\n" + (200 * 256).to_bytes(2, "big") * 16)
    assert (load_picture(path, 4, 4) == 200).all()


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_numbers_whose_white_is_not_known_are_refused_instead_of_black(tmp_path: Path, kind: type) -> None:
    path = tmp_path / "depth.tif"
    Image.fromarray(np.full((4, 4), 1, dtype=kind)).save(path)
    with pytest.raises(PictureError, match=r"depth\.tif: 32 bits a pixel, of which nobody knows what is white"):
        load_picture(path, 4, 4)


def test_a_folder_inside_a_class_is_said_to_be_passed_over(root: Path) -> None:
    picture(root / "pear" / "more" / "0.png")
    dataset = load_dataset(FOLDER, root)
    assert count_images(dataset) == 20
    words = "skipped {}: a folder inside a class; move its images up, or make it a class"
    assert [notice for notice in dataset.notices if "skipped" in notice] == [words.format(root / "pear" / "more")]


def test_what_is_transparent_lies_on_white(tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(path)
    assert load_picture(path, 4, 4)[0, 0].tolist() == [255, 255, 255]


def test_a_decompression_bomb_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (10_000, 10_000)).save(path)
    with pytest.raises(PictureError, match="more than 64,000,000 pixels"):
        load_picture(path, 8, 8)


def test_a_class_name_that_is_not_text_is_refused(root: Path) -> None:
    import os

    os.mkdir(os.fsencode(root) + b"/bad\xff")  # noqa: PTH102 - a name that pathlib cannot spell
    with pytest.raises(DataError, match="not UTF-8; rename the folder"):
        load_dataset(FOLDER, root)
