"""A screen of a list of runs: where the terminal is wide, the curves of one of them stand beside it."""

from __future__ import annotations

from typing import cast

from textual import events

from engine.store import Run
from tui.glyphs import has_unicode
from tui.screens.run_screen import RunScreen

_WIDE = 140  # cells


class WideScreen(RunScreen):
    """Curves come into `#body` and go. What draws them is imported when the first ones come."""

    @property
    def run_shown(self) -> Run | None:
        """Whose curves they are."""
        raise NotImplementedError

    @property
    def has_unicode(self) -> bool:
        return has_unicode(self.app.console.encoding)

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.call_after_refresh(self._fit_curves)

    async def _fit_curves(self) -> None:
        """The curves come where the terminal has become wide, and go where it has not."""
        body, beside, is_wide = self.query_one("#body"), self.query("#beside"), self.size.width >= _WIDE
        if not body.is_attached or not body.is_mounted:
            return  # the app is being left
        if is_wide and not beside:
            from tui.widgets.beside import Beside

            await body.mount(Beside(has_braille=self.has_unicode))
            self.show_curves()
        elif not is_wide and beside:
            await beside.remove()
            self.lab.follow_histories(())

    def show_curves(self) -> None:
        """Of the run as it is now, where there is room."""
        found = next(iter(self.query("#beside")), None)
        if found is None:
            return
        from tui.scene import Scene
        from tui.widgets.beside import Beside

        lab, beside = self.lab, cast(Beside, found)
        scene = Scene.of(self.run_shown, lab.run_of(lab.selection.reference), lab.history_of)
        lab.follow_histories(scene.run_ids)
        beside.show(scene)
