"""Pictures as characters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pictures import half_blocks, resized, shades
from tui.picture import picture_lines

GRADIENT = np.linspace(0, 255, 32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8)


def test_a_picture_of_32_pixels_is_16_lines_of_32_cells() -> None:
    blocks = half_blocks(GRADIENT)
    assert (len(blocks), {len(row) for row in blocks}) == (16, {32})
    assert blocks[0][0] == (tuple(GRADIENT[0, 0]), tuple(GRADIENT[1, 0]))
    lines = shades(GRADIENT)
    assert (len(lines), {len(line) for line in lines}) == (16, {32})
    assert lines[0][0] == " "
    assert lines[-1][-1] == "@"


@pytest.mark.parametrize("side", [4, 10, 12, 16, 31])
def test_a_smaller_picture_keeps_its_mean(side: int) -> None:
    small = resized(GRADIENT, side)
    assert small.shape == (side, side, 3)
    assert abs(float(small.mean()) - float(GRADIENT.mean())) < 6
    assert resized(np.full((32, 32, 3), 77, np.uint8), side).tolist() == np.full((side, side, 3), 77).tolist()


def test_a_larger_picture_repeats_its_pixels() -> None:
    assert resized(GRADIENT, 64)[::2, ::2].tolist() == GRADIENT.tolist()


@given(st.integers(1, 80), st.integers(1, 80), st.sampled_from([16, 32, 64]))
def test_a_picture_of_any_size_fills_its_cells(height: int, width: int, side: int) -> None:
    image = resized(np.full((height, width, 3), 200, np.uint8), side)
    assert image.shape == (side, side, 3)
    assert (image == 200).all()


@pytest.mark.parametrize("blocks", [True, False])
def test_a_picture_is_as_wide_in_cells_as_in_pixels(blocks: bool) -> None:
    lines = picture_lines(resized(GRADIENT, 12), blocks=blocks)
    assert [sum(len(segment.text) for segment in line) for line in lines] == [12] * 6
    assert all(segment.text.isascii() != blocks for line in lines for segment in line)
