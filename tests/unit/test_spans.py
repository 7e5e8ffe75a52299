"""What is sent for changed cells, read back by a terminal of our own: the styles are those that were meant."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.pilot import Pilot
from textual.strip import Strip

from engine.store import RunStore
from tests.screens.stage import act
from tui.app import LabApp
from tui.screens.base import LabScreen
from tui.spans import Pen, SpanCompositor, SpanUpdate

COLOURS = st.sampled_from([None, "red", "#5fafd7", "color(179)"])
STYLES = st.none() | st.builds(
    Style,
    color=COLOURS,
    bgcolor=COLOURS,
    bold=st.sampled_from([None, True, False]),
    reverse=st.sampled_from([None, True]),
    underline=st.sampled_from([None, True]),
)
SYSTEMS = st.sampled_from([None, ColorSystem.STANDARD, ColorSystem.EIGHT_BIT, ColorSystem.TRUECOLOR])


def cells_of(sent: str) -> list[tuple[str, frozenset[str], str, str]]:
    """Each character with its attributes, colour and background, as a terminal understands the bytes."""
    cells = []
    attributes: set[str] = set()
    colour = background = ""
    for part in re.split(r"(\x1b\[[0-9;]*m)", sent):
        if not part.startswith("\x1b["):
            cells += [(character, frozenset(attributes), colour, background) for character in part]
            continue
        codes = part[2:-1].split(";")
        while codes:
            code = codes.pop(0)
            if code in ("", "0"):
                attributes, colour, background = set(), "", ""
            elif code in ("38", "48"):
                length = 1 if codes[0] == "5" else 3
                value = ";".join(codes[: length + 1])
                codes = codes[length + 1 :]
                colour, background = (value, background) if code == "38" else (colour, value)
            elif code in ("39", "49"):
                colour, background = ("", background) if code == "39" else (colour, "")
            elif 30 <= int(code) <= 37 or 90 <= int(code) <= 97:
                colour = code
            elif 40 <= int(code) <= 47 or 100 <= int(code) <= 107:
                background = code
            else:
                attributes.add(code)
    return cells


@given(st.lists(st.tuples(st.text("abc", min_size=1, max_size=3), STYLES), max_size=12), SYSTEMS)
def test_what_is_sent_looks_as_if_every_style_were_sent_whole(
    parts: list[tuple[str, Style | None]], system: ColorSystem | None
) -> None:
    pen = Pen(system)
    sent = "".join(pen.write(Segment(text, style)) for text, style in parts) + pen.lift()
    whole = "".join(
        text if style is None or system is None else style.render(text, color_system=system) for text, style in parts
    )
    assert cells_of(sent) == cells_of(whole)
    assert len(sent) <= len(whole) + 4
    assert cells_of(sent + "x")[-1:] == [("x", frozenset(), "", "")]


def test_a_second_span_of_the_same_style_sends_its_text_alone() -> None:
    pen = Pen(ColorSystem.TRUECOLOR)
    style = Style.parse("bold #5fafd7 on #121212")
    assert pen.write(Segment("a", style)) == "\x1b[1;38;2;95;175;215;48;2;18;18;18ma"
    assert pen.write(Segment("b", style)) == "b"
    assert pen.write(Segment("c", Style.parse("bold #ff0000 on #121212"))) == "\x1b[38;2;255;0;0mc"
    assert pen.lift() == "\x1b[0m"
    assert pen.lift() == ""


def test_a_span_is_cut_at_both_ends_and_lies_in_every_widget_that_it_crosses() -> None:
    style = Style.parse("bold")
    left, right = Strip([Segment("abcdefghij", style)]), Strip([Segment("klmnopqrst", style)])
    console = Console(color_system="truecolor", force_terminal=True, width=20)
    update = SpanUpdate([{0: left, 10: right}], [(0, 3, 5)], [[10, 20]])
    assert update.render_segments(console) == "\x1b[1;4H\x1b[1mde\x1b[0m"
    across = SpanUpdate([{0: left, 10: right}], [(0, 8, 12)], [[10, 20]])
    assert across.render_segments(console) == "\x1b[1;9H\x1b[1mij\x1b[1;11Hkl\x1b[0m"
    hidden = SpanUpdate([{0: None, 10: right}], [(0, 8, 12)], [[10, 20]])  # type: ignore[list-item]
    assert hidden.render_segments(console) == "\x1b[1;11H\x1b[1mkl\x1b[0m"


def test_every_screen_of_the_laboratory_sends_spans(store: RunStore) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        for mode in app.MODES:
            await app.action_show(mode)
            assert isinstance(app.screen, LabScreen)
            assert isinstance(app.screen._compositor, SpanCompositor)

    act(store, story)
