"""Curves: loss and accuracy of the run under the cursor, drawn as they come; the reference behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.timer import Timer

from engine.store import Run
from tui import machine_words
from tui.chart.state import ACCURACY, LOSS, Looking
from tui.chart.views import Views, nearest, row_of, rows_within
from tui.curve_words import about_run
from tui.glyphs import has_unicode
from tui.pace import Pace
from tui.scene import Scene
from tui.screens.run_screen import RunScreen
from tui.widgets.chart import Chart
from tui.widgets.curve_panels import Instead, Machine, MachinePane, ReadOff, Standing

_CURVES_SECONDS, _READ_SECONDS, _MACHINE_SECONDS = 0.5, 1.0, 2.0  # until it is drawn again; a key draws at once
_WIDE, _TALL, _HIGH = 160, 44, 32


class CurvesScreen(RunScreen):
    """Two charts, what is read off them, and above and below where the run and the machine stand."""

    TITLE_WORD = "Curves"
    CSS_PATH = "curves.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "read(-1)", "Read off", key_display="h l", tooltip="Move the crosshair to earlier epochs"),
        Binding("l,right", "read(1)", "Read off later", show=False, tooltip="Move the crosshair to later epochs"),
        Binding("enter", "zoom", "Zoom", tooltip="One chart on the whole screen; esc: back"),
        Binding("x", "axes", "Axes", tooltip="Epochs or seconds, linear or logarithmic"),
        Binding("z", "smooth", "Smooth", tooltip="Smooth the curves: not, 0.6, 0.9, 0.97; what is read off never is"),
        Binding("v", "view", "View", tooltip="Both charts, loss, accuracy"),
        Binding("plus,equals_sign", "range(1)", "Nearer", key_display="+ -", tooltip="Half the range"),
        Binding("minus", "range(-1)", "Farther", show=False, tooltip="Twice the range"),
        Binding("0", "whole", "Whole", show=False, tooltip="The whole range"),
        Binding("left_square_bracket", "other(-1)", "Newer", key_display="[ ]", tooltip="The run above in the list"),
        Binding("right_square_bracket", "other(1)", "Older", show=False, tooltip="The run below in the list"),
        Binding("tab", "chart", "Other chart", show=False, tooltip="The chart that enter shows alone"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._looking = Looking()
        self._scene = Scene()
        self._queue = machine_words.Queue()
        self._parts = (
            (Pace(_CURVES_SECONDS), self._draw_curves),
            (Pace(_READ_SECONDS), self._draw_read_off),
            (Pace(_MACHINE_SECONDS), self._draw_machine),
        )
        self._later: Timer | None = None

    def compose_body(self) -> ComposeResult:
        yield Standing(id="standing")
        with Horizontal(id="middle"):
            with Container(id="charts"):
                yield Chart(id=LOSS)
                yield Chart(id=ACCURACY)
            yield Instead(id="instead")
            yield MachinePane(id="pane")
        yield ReadOff(id="read")
        yield Machine(id="machine")

    def on_mount(self) -> None:
        self._has_unicode = has_unicode(self.app.console.encoding)
        self._views = Views(has_braille=self._has_unicode)
        super().on_mount()

    # what is shown

    def show_runs(self, runs: Sequence[Run]) -> None:
        lab, before = self.lab, self._scene
        self._scene = Scene.of(lab.run_under_cursor, lab.run_of(lab.selection.reference), lab.history_of)
        lab.follow_histories(self._scene.run_ids)
        if self._scene.run_ids[:1] != before.run_ids[:1]:
            self._looking.forget_run()
            self._views.forget_run()
        is_news = self._scene.what != before.what or self._scene.has_curves != before.has_curves
        if is_news:
            self._arrange()
        self._draw_due(now=is_news)

    def _draw_due(self, *, now: bool = False) -> None:
        """Draw what has not been drawn for long enough, and come back for the rest."""
        waits = [pace.left for pace, draw in self._parts if not self._draw_if_due(pace, draw, now=now)]
        if waits and self._later is None:
            self._later = self.set_timer(min(waits) + 0.01, self._come_back)

    def _draw_if_due(self, pace: Pace, draw: Callable[[], None], *, now: bool) -> bool:
        if not pace.is_due(now=now):
            return False
        draw()
        return True

    def _come_back(self) -> None:
        self._later = None
        for pace, draw in self._parts:
            self._draw_if_due(pace, draw, now=False)

    def _draw(self) -> None:
        """Draw everything now: a key was pressed, or the size has changed."""
        self._draw_due(now=True)

    def _draw_curves(self) -> None:
        scene, runs = self._scene, self.lab.runs
        self.head(runs, about_run(scene.run, scene.reference) if scene.run else "no run yet; n sets one up")
        self.query_one(Standing).show(scene, runs, has_unicode=self._has_unicode)
        if not scene.has_curves:
            self.query_one(Instead).show(scene, runs)
            return
        subject = scene.subject()
        for measure in self._looking.charts:
            self.query_one(f"#{measure}", Chart).show(self._views.view(subject, self._looking, measure))

    def _draw_read_off(self) -> None:
        self.query_one(ReadOff).show(self._scene, self._looking, has_unicode=self._has_unicode)

    def _draw_machine(self) -> None:
        run, runs = self._scene.run, self.lab.runs
        waiting = self._queue.next(runs, run)
        self.query_one(Machine).show(run, runs, waiting)
        self.query_one(MachinePane).show(self._scene, runs, waiting)

    def _arrange(self) -> None:
        """Which parts there are, for this size and this way of looking."""
        width, height = self.app.size
        self.set_class(width >= _WIDE, "-wide")
        self.set_class(width >= _WIDE and height >= _TALL, "-tall")
        self.set_class(height >= _HIGH, "-high")
        self.set_class(self._looking.is_zoomed, "-zoomed")
        self.set_class(not self._scene.has_curves, "-nothing")
        for measure in (LOSS, ACCURACY):
            self.query_one(f"#{measure}", Chart).display = measure in self._looking.charts

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self._draw_when_arranged()

    def _draw_when_arranged(self) -> None:
        """Draw for the sizes that the parts will have: at once where they have them already."""
        self._arrange()
        self.call_after_refresh(self._draw)

    # keys

    def action_read(self, by: int) -> None:
        """Move the crosshair by a column of the plot, at least by an epoch; without one it appears at the newest."""
        if not self._scene.has_curves:
            return
        looking, columns, xs = self._looking, self._scene.columns, self._scene.xs(self._looking)
        seen = rows_within(xs, self._views.seen(self._scene.subject(), looking))
        row = row_of(columns, looking.epoch)
        if row is None:
            row = seen[-1] if seen else len(columns) - 1
        else:
            plot = self.query_one(f"#{looking.charts[0]}", Chart)
            row = min(max(0, row + by * max(1, len(seen) // max(1, plot.columns))), len(columns) - 1)
        looking.epoch, looking.is_pinned = columns.epochs[row], True
        looking.pan_to(self._share(xs[row]))
        self._draw()

    def action_zoom(self) -> None:
        self._looking.is_zoomed = True
        self._draw_when_arranged()

    def action_axes(self) -> None:
        self._looking.next_axes()
        self._draw()

    def action_smooth(self) -> None:
        self._looking.next_smoothing()
        self._draw()

    def action_view(self) -> None:
        self._looking.next_view()
        self._draw_when_arranged()

    def action_chart(self) -> None:
        self._looking.other_chart()
        self._draw_when_arranged()

    def action_range(self, by: int) -> None:
        """Nearer or farther, around the crosshair, else towards the newest epoch."""
        if self._scene.has_curves:
            row = row_of(self._scene.columns, self._looking.epoch)
            self._looking.zoom(by, self._share(self._scene.xs(self._looking)[-1 if row is None else row]))
            self._draw()

    def action_whole(self) -> None:
        self._looking.window = (0.0, 1.0)
        self._draw()

    def action_other(self, by: int) -> None:
        self.lab.move_cursor(by)
        self.lab.selection_changed()

    async def action_back(self) -> None:
        if self._looking.back():
            self._draw_when_arranged()
        else:
            await super().action_back()

    # mouse

    @on(Chart.Pointed)
    def point(self, message: Chart.Pointed) -> None:
        looking, columns = self._looking, self._scene.columns
        if message.is_pick and message.chart.id in (LOSS, ACCURACY):
            looking.active = str(message.chart.id)
        if (looking.is_pinned and not message.is_pick) or not len(columns):
            return
        epoch = None if message.x is None else columns.epochs[nearest(self._scene.xs(looking), message.x)]
        if (epoch, message.is_pick) != (looking.epoch, looking.is_pinned):
            looking.epoch, looking.is_pinned = epoch, message.is_pick and epoch is not None
            self._draw()

    @on(Chart.Zoomed)
    def turn_wheel(self, message: Chart.Zoomed) -> None:
        self._looking.zoom(message.by, self._share(message.x))
        self._draw()

    def _share(self, x: float) -> float:
        """Where an epoch or a time lies on the axis of everything."""
        return self._views.whole(self._scene.subject(), self._looking).share(x)
