"""From a key to the repaint that answers it, with many runs, in process, at 120 x 36: typing a filter, sorting, moving.

python -m benchmarks.latency [--runs N] [--rounds N] [--folder F] [--out F.json]

Budget (design, section 14): filter keystroke to repaint, p95, 50 ms with 10,000 runs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual import events
from textual.keys import _character_to_key

from benchmarks.folder import fill
from benchmarks.report import describe, write
from engine.store import RunStore
from tui.app import LabApp
from tui.widgets.run_table import RunTable

FILTERS = ("apple-max", "pooling:max", "val>0.8", "test>0.85 beaver", "state:failed", "course lr=0.01")
BUDGETS = {"filter": 0.050}
Taken = dict[str, list[tuple[float, float]]]


class Watched(LabApp):
    """The app, which tells when it has painted."""

    painted: Callable[[], object] = staticmethod(lambda: None)

    def post_display_hook(self) -> None:
        self.painted()


async def measure(store: RunStore, rounds: int) -> Taken:
    """Seconds by the clock and of processor time, for each kind of key."""
    app = Watched(store)
    taken: Taken = {"filter": [], "sort": [], "move": []}

    async def answer(key: str, kind: str | None, holds: Callable[[], object]) -> None:
        done = asyncio.get_running_loop().create_future()

        def painted() -> None:
            if not done.done() and holds():
                done.set_result((time.perf_counter(), time.process_time()))

        app.painted = painted  # type: ignore[method-assign]
        character = key if len(key) == 1 else None
        event = events.Key(_character_to_key(key) if character else key, character)
        began = time.perf_counter(), time.process_time()
        app.post_message(event)
        ended = await asyncio.wait_for(done, 30)
        if kind:
            taken[kind].append((ended[0] - began[0], ended[1] - began[1]))
        await asyncio.sleep(0.03)  # as fast as people type: what comes behind the repaint is not the next key's

    async with app.run_test(size=(120, 36)):
        while not app.seen.is_whole:
            await asyncio.sleep(0.05)
        selection = app.selection
        for _ in range(rounds):
            for words in FILTERS:
                await answer("slash", None, lambda: app.focused and type(app.focused).__name__ == "Input")
                for end in range(1, len(words) + 1):
                    wished = words[:end]
                    await answer(wished[-1], "filter", lambda wished=wished: selection.filter == wished)  # type: ignore[misc]
                await answer("escape", None, lambda: not selection.filter)
            table = app.screen.query_one(RunTable)
            columns = [placed.column for placed in table._placed]
            columns = columns[columns.index(table.column) if table.column else 0 :]
            for column, following in zip(columns, [*columns[1:], None], strict=True):
                for _ in range(3 if column.key else 0):
                    before = selection.sort
                    await answer("s", "sort", lambda before=before: selection.sort != before)  # type: ignore[misc]
                if following is not None:
                    await answer("l", None, lambda: True)
            for _ in columns[1:]:
                await answer("h", None, lambda: True)
            for key in ("j", "j", "j", "G", "k", "k", "g", "ctrl+d", "ctrl+d", "ctrl+u"):
                place = selection.cursor
                await answer(key, "move", lambda place=place: selection.cursor != place)  # type: ignore[misc]
    return taken


def row(kind: str, taken: list[tuple[float, float]]) -> dict[str, Any]:
    """p50 and p95 of one kind of key."""
    found: dict[str, Any] = {"key": kind, "n": len(taken), "budget_p95": BUDGETS.get(kind)}
    for measure_name, place in (("wall", 0), ("processor", 1)):
        cuts = statistics.quantiles([one[place] for one in taken], n=20)
        found[measure_name] = {"p50": cuts[9], "p95": cuts[18]}
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="a folder that fill() has made; default: made anew")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_STATE_HOME"] = scratch
        folder = options.folder or Path(scratch) / "runs"
        if not folder.exists():
            fill(folder, options.runs)
        taken = asyncio.run(measure(RunStore(folder), options.rounds))
    rows = [row(kind, values) for kind, values in taken.items()]
    for one in rows:
        budget = f"   budget p95 {1000 * one['budget_p95']:.0f} ms" if one["budget_p95"] else ""
        words = "  ".join(
            f"{name} p50 {1000 * one[name]['p50']:5.1f} p95 {1000 * one[name]['p95']:5.1f} ms"
            for name in ("wall", "processor")
        )
        print(f"{one['key']:8} {words}   n {one['n']}{budget}")
    write({"benchmark": "latency", "runs": options.runs, **describe(), "rows": rows}, options.out)


if __name__ == "__main__":
    main()
