"""How one looks at a comparison: which view, split, order and rows; and what there is to see then."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.comparison.dots import LEGEND, dot_lines, dots_of
from engine.comparison.fields import SPLITS, group_fields, pair_fields, run_fields, what_differs
from engine.comparison.lines import sentence_lines
from engine.layout import wrapped
from engine.ordering import Field, Order, ordered
from engine.text import clean
from tui.compare.choice import Compared, so_far_words
from tui.sheet import Sheet

VIEWS = ("seeds", "runs", "pairs", "curves")
_A_RUN_A_ROW = "Each row is one run: val % is its best, at that epoch; [95 %] is over images. Over seeds: v."
_ONE_SEED = "One seed each: these are models."
_SEEDS = "To tell the settings apart, train each with 4 seeds, decided before looking:"


@dataclass
class Look:
    """What the keys have chosen.

    Args:
        words: of the filter.
        orders: by view.
    """

    view: str = "seeds"
    split: str = "test"
    words: str = ""
    orders: dict[str, Order] = field(default_factory=dict)

    @property
    def order(self) -> Order:
        return self.orders.get(self.view, Order())

    def next_view(self) -> None:
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]

    def next_split(self) -> None:
        self.split = SPLITS[(SPLITS.index(self.split) + 1) % len(SPLITS)]

    def press(self, column: str) -> None:
        """The sort key, on this column."""
        self.orders[self.view] = self.order.press(column)


class Seen:
    """A comparison, looked at; what was seen of it once is not made again."""

    def __init__(self, compared: Compared, look: Look) -> None:
        self.compared, self.look = compared, look
        self.document = compared.document
        self._sheets: dict[tuple[str, str, str, Order], Sheet] = {}

    def sheet(self, marks: Collection[str] = ()) -> Sheet:
        """The table of the view.

        Args:
            marks: run ids; the rows that stand for them are signed.
        """
        look = self.look
        key = look.view, look.split, look.words, look.order
        if key not in self._sheets:
            if any(known[2] != look.words for known in self._sheets):
                self._sheets.clear()  # of each letter that is typed, one would be kept
            self._sheets[key] = self._unmarked()
        sheet = self._sheets[key]
        return replace(sheet, marked=[key for key in sheet.keys if self.run_of(key) in marks]) if marks else sheet

    def _unmarked(self) -> Sheet:
        document, look = self.document, self.look
        if not document:
            return Sheet()
        rows: Sequence[Mapping[str, Any]]
        if look.view == "seeds":
            fields, rows = group_fields(document, look.split), document["groups"]
            return self._sheet(fields, rows, "label", [row["label"] for row in rows if row["reference"]])
        if look.view == "pairs":
            return self._sheet(pair_fields(document), document["pairs"], "", [])
        reference: Sequence[str] = next((group["runs"] for group in document["groups"] if group["reference"]), [])
        return self._sheet(run_fields(document, look.split), document["runs"], "id", reference)

    def _sheet(
        self, fields: Sequence[Field[Any]], rows: Sequence[Mapping[str, Any]], key: str, signed: Sequence[str]
    ) -> Sheet:
        words = self.look.words.casefold().split()
        shown = [row for row in rows if _holds(fields, row, words)]
        shown = ordered(shown, fields, self.look.order)
        keys = [row[key] if key else (row["a"], row["b"]) for row in shown]
        empty = f"no row holds {clean(self.look.words)!r}; esc shows all" if words else "nothing to compare yet"
        return Sheet(fields, shown, keys, self.look.order, signs=tuple((name, "*") for name in signed), empty=empty)

    def run_of(self, key: object) -> str | None:
        """The run that a row stands for: of a group the one with the highest validation accuracy."""
        if isinstance(key, tuple):
            return str(key[1])
        for group in self.document.get("groups", ()):
            if self.look.view == "seeds" and group["label"] == key:
                values = {run["id"]: run["metrics"]["validation_accuracy"]["value"] for run in self.document["runs"]}
                return str(max(group["runs"], key=lambda run_id: values[run_id] or 0.0))
        return key if isinstance(key, str) and self.look.view != "seeds" else None

    def dots(self, width: int) -> list[str]:
        """Every seed as a dot; with the axis and a line of what is what."""
        found = dot_lines(dots_of(self.document, self.look.split), width) if self.document else []
        return [f"{self.look.split} %: {LEGEND}", *found] if found else []

    def words(self, width: int) -> Iterator[str]:
        """What may be said, and what not."""
        look, document = self.look, self.document
        if not document:
            return
        if look.view == "pairs":
            yield from wrapped(
                f"Two trained models on the same {look.split} images: what the run put right and spoilt against the "
                "other; McNemar's exact p, Holm's over these pairs. It says nothing of two settings: v.",
                width,
            )
            return
        if look.view == "runs":
            yield from wrapped(_A_RUN_A_ROW, width)
            return
        if so_far := so_far_words(self.compared.so_far):
            yield from wrapped(so_far, width)
        if len(document["groups"]) > 1 and all(group["n"] == 1 for group in document["groups"]):
            yield from wrapped(f"{_ONE_SEED} {self._advice()}", width)
        yield from sentence_lines(document, width)

    def _advice(self) -> str:
        """What would tell apart settings that were trained once each."""
        if self.compared.more.runs:
            return self.compared.more.words
        offer = self.compared.offer
        return f"{_SEEDS} {f'{offer.words}; S there starts them.' if offer else 'n, then seeds 0 1 2 3.'}"

    def about(self, why: str) -> str:
        """The second line of the screen."""
        document, look = self.document, self.look
        parts = [f"{len(document.get('runs', ())):,} runs: {why}"]
        if document:
            differs = ", ".join(key.partition(".")[2] for key in document["differs"])
            parts.append(f"differ in: {clean(differs) or 'nothing'}")
            images = {run["metrics"][f"{look.split}_accuracy"]["n"] for run in document["runs"]} - {None}
            count = f", {images.pop():,} images" if len(images) == 1 else ""
            parts.append(f"{look.split}{count}")
        if look.words:
            parts.append(f"/{clean(look.words)}")
        return "  ".join(parts)

    @property
    def heading(self) -> str:
        """What makes the groups."""
        return what_differs(self.document) if self.document else ""


def _holds(fields: Sequence[Field[Any]], row: Mapping[str, Any], words: Sequence[str]) -> bool:
    if not words:
        return True
    text = " ".join(field.text(row) for field in fields).casefold()
    return all(word in text for word in words)
