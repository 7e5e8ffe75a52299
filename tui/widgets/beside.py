"""The two curves of the run under the cursor, beside the list, where the terminal is wide."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from tui.chart.state import Looking
from tui.chart.views import Views
from tui.scene import Scene
from tui.widgets.chart import Chart

MEASURES = ("loss", "accuracy")


class Beside(Vertical):
    """Loss above accuracy, as Curves draws them at first.

    Args:
        has_braille: that may be drawn with.
    """

    def __init__(self, *, has_braille: bool) -> None:
        super().__init__(id="beside")
        self._views = Views(has_braille=has_braille)
        self._run_id: str | None = None

    def compose(self) -> ComposeResult:
        for measure in MEASURES:
            yield Chart(id=measure)

    def show(self, scene: Scene) -> None:
        """The curves of this run; nothing is drawn of one that has none."""
        run_id = scene.run.id if scene.run is not None and scene.has_curves else None
        if run_id != self._run_id:
            self._run_id = run_id
            self._views.forget_run()
        for chart in self.query(Chart):  # none while a resize makes them, or takes them away
            chart.visible = run_id is not None
            if run_id is not None:
                chart.show(self._views.view(scene.subject(), Looking(), str(chart.id)))
