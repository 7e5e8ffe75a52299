"""How the charts of a run are looked at: axes, smoothing, range, crosshair, which chart. Keys change it."""

from __future__ import annotations

from dataclasses import dataclass

from tui.chart.smoothing import STRENGTHS

LOSS, ACCURACY = "loss", "accuracy"
_SHOWN = ((LOSS, ACCURACY), (LOSS,), (ACCURACY,))
_NEAREST = 1 / 512  # of everything


@dataclass
class Looking:
    """What does not depend on the run, and what does: `forget_run` drops the latter.

    Args:
        in_seconds, is_log: the axes.
        smoothing: index into STRENGTHS.
        shown: index into the views: both, loss, accuracy.
        active: the chart that keys act on.
        is_zoomed: it has the whole screen.
        window: first and last part of the axis that is seen, as shares of everything.
        epoch: where the crosshair stands; None: nowhere.
        is_pinned: a click or a key set it; the mouse that passes does not move it.
    """

    in_seconds: bool = False
    is_log: bool = False
    smoothing: int = 0
    shown: int = 0
    active: str = LOSS
    is_zoomed: bool = False
    window: tuple[float, float] = (0.0, 1.0)
    epoch: int | None = None
    is_pinned: bool = False

    @property
    def charts(self) -> tuple[str, ...]:
        """The charts that are seen."""
        return (self.active,) if self.is_zoomed else _SHOWN[self.shown]

    @property
    def strength(self) -> float:
        return STRENGTHS[self.smoothing]

    @property
    def is_near(self) -> bool:
        """Only a part of the curves is seen."""
        return self.window != (0.0, 1.0)

    def next_axes(self) -> None:
        """Epochs linear, epochs log, seconds linear, seconds log."""
        if self.is_log:
            self.in_seconds = not self.in_seconds
            self.window, self.epoch = (0.0, 1.0), self.epoch
        self.is_log = not self.is_log

    def next_smoothing(self) -> None:
        self.smoothing = (self.smoothing + 1) % len(STRENGTHS)

    def next_view(self) -> None:
        self.shown = (self.shown + 1) % len(_SHOWN)
        if self.active not in _SHOWN[self.shown]:
            self.active = _SHOWN[self.shown][0]

    def other_chart(self) -> None:
        """The next chart is the one that keys act on; of a view with one chart, the view changes with it."""
        self.active = ACCURACY if self.active == LOSS else LOSS
        if self.active not in _SHOWN[self.shown]:
            self.shown = _SHOWN.index((self.active,))

    def zoom(self, by: int, at: float) -> None:
        """Half as much, or twice as much, around a share of everything that stays where it is."""
        low, high = self.window
        size = min(1.0, max(_NEAREST, (high - low) * (0.5 if by > 0 else 2.0)))
        place = (min(max(at, low), high) - low) / (high - low)
        start = min(max(0.0, at - place * size), 1.0 - size)
        self.window = (0.0, 1.0) if size >= 1.0 else (start, start + size)

    def pan_to(self, share: float) -> None:
        """Move the range so that this share of everything is seen."""
        low, high = self.window
        size = high - low
        if share < low:
            self.window = (max(0.0, share), max(0.0, share) + size)
        elif share > high:
            self.window = (min(1.0, share) - size, min(1.0, share))

    def back(self) -> bool:
        """Undo the last layer of looking: one chart full screen, the crosshair, the range; False: nothing is left."""
        if self.is_zoomed:
            self.is_zoomed = False
        elif self.epoch is not None and self.is_pinned:
            self.epoch, self.is_pinned = None, False
        elif self.is_near:
            self.window = (0.0, 1.0)
        else:
            return False
        return True

    def forget_run(self) -> None:
        """Another run is looked at: its epochs are others."""
        self.window, self.epoch, self.is_pinned = (0.0, 1.0), None, False
