"""A data set described by a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.data.apart import describe_apart
from engine.errors import DataError


@pytest.mark.slow
def test_digits_are_counted_without_importing_what_decodes_them() -> None:
    code = (
        "import sys\nfrom engine.data.apart import describe_apart\nfrom engine.data import class_samples\n"
        "document = describe_apart('digits')\n"
        "print(sum(entry['train'] for entry in document['classes']), class_samples('digits', '3', None, 4).shape)\n"
        "print(sorted({'sklearn', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1438 (4, 32, 32, 3)\n[]\n"


@pytest.mark.slow
def test_images_that_are_not_here_have_no_counts_and_damaged_ones_say_so(tmp_path: Path) -> None:
    document = describe_apart("cifar100", tmp_path)
    assert len(document["classes"]) == 100
    assert document["classes"][0]["train"] is None
    (tmp_path / "cifar-100-python.tar.gz").write_bytes(b"not an archive")
    with pytest.raises(DataError, match="cut short or altered"):
        describe_apart("cifar100", tmp_path)
