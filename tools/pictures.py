"""`make docs`: pictures of the screens, taken from the running program on runs that were really trained.

One study on the embedded digits is trained first, so that every number in a picture is one that the program found.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
SIZE = (112, 32)
STUDY = ("study", "pooling", "--dataset", "digits", "--epochs", "60", "--lr", "0.05", "--seeds", "3")
# name of the picture -> the keys that lead to it from the list of runs
STORIES = {
    "runs": ("space", "j", "space"),
    "new": ("n",),
    "curves": ("3",),
    "compare": ("4",),
    "report": ("5",),
}
_SETTLE_SECONDS = 2.0


async def take(runs: Path, keys: tuple[str, ...]) -> str:
    """An SVG of the screen behind these keys."""
    from engine.store import RunStore
    from tui.app import LabApp

    app = LabApp(RunStore(runs))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(_SETTLE_SECONDS)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(_SETTLE_SECONDS)
        return app.export_screenshot(title="cnnlab-tui", simplify=True)


def main() -> None:
    """Train the study and write `docs/pictures/*.svg`."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder, "runs")
        subprocess.run([sys.executable, "-m", "engine.cli", *STUDY, "--runs", str(runs)], check=True)
        for name, keys in STORIES.items():
            os.environ["XDG_STATE_HOME"] = str(Path(folder, name))  # every picture from a first start
            (PICTURES / f"{name}.svg").write_text(asyncio.run(take(runs, keys)), encoding="utf-8")


if __name__ == "__main__":
    main()
