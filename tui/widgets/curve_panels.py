"""What stands around the charts of Curves: the run's progress, what is read off, the machine."""

from __future__ import annotations

from collections.abc import Sequence

from engine.layout import wrapped
from engine.store import Run
from tui import curve_words, machine_words, value_words
from tui.cells import Row
from tui.chart.state import Looking
from tui.scene import Scene
from tui.widgets.cell_lines import CellLines

_LINES = 2


class Standing(CellLines):
    """How far the run is, or how it ended and what one can do: two lines, more where that takes more."""

    def show(self, scene: Scene, runs: Sequence[Run], *, has_unicode: bool) -> None:
        def make(width: int, height: int) -> list[Row]:
            if scene.run is None:
                return []
            rows = curve_words.standing(scene.run, scene.columns, width, has_unicode=has_unicode)
            if scene.run.state == "queued":
                rows[0] = Row.of([(f" {machine_words.place_words(scene.run, runs)}", "k")])
            elif len(rows) > _LINES and not scene.has_curves:  # below there is room for the reason
                return [Row.of([(f" {scene.run.state}", "e")]), rows[-1]]
            return rows

        self.styles.height = max(_LINES, len(make(max(1, self.size.width), _LINES)))
        self.show_rows(make)


class Instead(CellLines):
    """In the middle, while there is nothing to draw: why."""

    def show(self, scene: Scene, runs: Sequence[Run]) -> None:
        lines = ["no run yet", "enter on Runs starts three, n sets one up"]
        if scene.run is not None:
            lines = curve_words.before_first_epoch(scene.run)
            if scene.run.state == "queued":
                lines[0] = machine_words.place_words(scene.run, runs)

        def make(width: int, height: int) -> list[Row]:
            shown = [part for line in lines for part in wrapped(line, max(1, width - 2))]
            above = [Row("", "")] * max(0, (height - len(shown)) // 2)
            return [*above, *(Row.of([(line.center(width), " ")]) for line in shown)]

        self.show_rows(make)


class ReadOff(CellLines):
    """Two lines: values at the crosshair or the newest, and how far validation can be trusted."""

    def show(self, scene: Scene, looking: Looking, *, has_unicode: bool) -> None:
        def make(width: int, height: int) -> list[Row]:
            if scene.run is None or not scene.has_curves:
                return []
            noise = value_words.noise_words(scene.columns, scene.run.images.get("validation"))
            read = value_words.read_off(scene, looking, width, has_unicode=has_unicode)
            return [read, Row.of([(f" {noise}", "a")])]

        self.show_rows(make)


class Machine(CellLines):
    """What trains next, and what the device does: in one line, or in two."""

    def show(self, run: Run | None, runs: Sequence[Run], waiting: machine_words.Waiting) -> None:
        device = machine_words.device_words(*machine_words.device_of(run, runs))
        following = machine_words.next_words(waiting)

        def make(width: int, height: int) -> list[Row]:
            lines = [following, device] if height > 1 else [f"{following}   {device}"]
            return [Row.of([(f" {line}", "a")]) for line in lines]

        self.show_rows(make)


class MachinePane(CellLines):
    """The same as a column beside the charts, where there is room, and more of the run."""

    def show(self, scene: Scene, runs: Sequence[Run], waiting: machine_words.Waiting) -> None:
        device = machine_words.device_of(scene.run, runs)

        def make(width: int, height: int) -> list[Row]:
            lines = [*value_words.run_pane(scene), *machine_words.device_pane(*device, waiting, width)]
            return [Row.of([line]) for line in lines]

        self.show_rows(make)
