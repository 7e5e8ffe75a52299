"""How one looks at a report: which view, split, classes and order; and what there is to see then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.ordering import Order, ordered
from engine.report.confusion import Confusion, Pair
from engine.report.loaded import LoadedReport
from engine.report.table import ScoreRow, average_rows, class_rows, narrowed, pair_fields, score_fields
from engine.text import clean
from tui.sheet import Sheet

VIEWS = ("table", "matrix", "pairs", "images")
SPLITS = ("test", "train", "both", "validation")
_MANY = 25  # more classes than this are shown by superclass first


@dataclass
class Look:
    """What the keys have chosen.

    Args:
        split: one of `SPLITS`; `both` is test beside train.
        words: of the filter.
        marked: classes; from two on, matrix and pairs show these alone.
        opened: true and said superclass whose classes the matrix shows.
        pictured: true and said class whose images are shown; None as the said one: all mistakes of the true one.
        before: views that `esc` goes back to, each with what was opened.
    """

    view: str = "table"
    split: str = "test"
    words: str = ""
    marked: dict[str, None] = field(default_factory=dict)
    class_order: Order = field(default_factory=Order)
    pair_order: Order = field(default_factory=Order)
    opened: tuple[str, str] | None = None
    pictured: tuple[str, str | None] | None = None
    before: list[tuple[str, tuple[str, str] | None]] = field(default_factory=list)

    def open(self, cell: tuple[str, str] | None) -> None:
        """Show the classes of a cell of superclasses."""
        self.before.append((self.view, self.opened))
        self.view, self.opened = "matrix", cell

    def picture(self, pair: tuple[str, str | None]) -> None:
        """Show the images of a pair."""
        self.before.append((self.view, self.opened))
        self.view, self.pictured = "images", pair

    def back(self) -> bool:
        """Leave the deepest layer: a view, the filter, the marks; False where there is none left."""
        if self.before:
            self.view, self.opened = self.before.pop()
            self.pictured = None
        elif self.view != "table":
            self.view, self.pictured = "table", None
        elif self.words:
            self.words = ""
        elif self.marked:
            self.marked.clear()
        else:
            return False
        return True

    def next_view(self) -> None:
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self.before, self.opened, self.pictured = [], None, None

    def next_split(self) -> None:
        self.split = SPLITS[(SPLITS.index(self.split) + 1) % len(SPLITS)]

    def toggle_mark(self, name: str) -> None:
        if name in self.marked:
            del self.marked[name]
        else:
            self.marked[name] = None

    def toggle_marks(self, names: Sequence[str]) -> None:
        """All of these; where all have a mark, none at all."""
        all_marked = all(name in self.marked for name in names)
        self.marked = {} if all_marked else {**self.marked, **dict.fromkeys(names)}

    def keep_to(self, classes: Sequence[str]) -> None:
        """Forget what another run's classes were chosen for."""
        self.marked = {name: None for name in self.marked if name in classes}
        if self.pictured and not {*self.pictured} <= {None, *classes}:
            self.pictured = None

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that are shown."""
        return ("test", "train") if self.split == "both" else (self.split,)

    @property
    def scored(self) -> str:
        """The split whose images are meant: of `both`, test."""
        return "test" if self.split == "both" else self.split


class Seen:
    """A report, looked at."""

    def __init__(self, report: LoadedReport, look: Look) -> None:
        self.report, self.look = report, look
        self.document: dict[str, Any] | None = report.documents.get(look.scored)
        self.change = report.changes.get(look.scored)

    @property
    def missing(self) -> str:
        """Why this split is not to be seen."""
        if self.document is not None:
            return ""
        if self.look.split == "validation":
            return "this run held no images out for validation"
        return f"there are no scores on {self.look.split}"

    def classes(self) -> Sheet:
        """The table of classes."""
        look, document = self.look, self.document
        if document is None:
            return Sheet(empty=self.missing)
        train = self.report.documents.get("train") if look.split == "both" else None
        fields = score_fields(with_change=self.change is not None, with_train=train is not None)
        rows = ordered(narrowed(class_rows(document, self.change, train), look.words), fields, look.class_order)
        return Sheet(
            fields,
            rows,
            [row.name for row in rows],
            look.class_order,
            look.marked,
            footer=average_rows(document, self.change, train),
            empty=f"no class holds {clean(look.words)!r}; esc shows all",
        )

    def row(self, name: str) -> ScoreRow | None:
        """The scores of one class."""
        rows = class_rows(self.document, self.change) if self.document else []
        return next((row for row in rows if row.name == name), None)

    def _chosen(self) -> Confusion | None:
        """The matrix of the classes that marks and filter leave."""
        if self.document is None:
            return None
        whole = Confusion.of(self.document)
        if len(self.look.marked) > 1:
            return whole.part(self.look.marked, self.look.marked)
        return whole

    @property
    def is_folded(self) -> bool:
        """The matrix shows superclasses."""
        look, groups = self.look, self.report.groups
        many = self.document is not None and len(self.document["classes"]) > _MANY
        return bool(groups) and many and look.opened is None and len(look.marked) < 2 and not look.words

    def matrix(self) -> Confusion | None:
        """Superclasses where there are many classes; the classes of an opened cell; else the classes themselves."""
        chosen, look = self._chosen(), self.look
        if chosen is None:
            return None
        if look.opened is not None and len(look.marked) < 2:
            true, said = (self.report.groups.get(name, (name,)) for name in look.opened)
            return chosen.part(true, said)
        if self.is_folded:
            return chosen.fold(self.report.groups)
        if look.words and len(look.marked) < 2:
            return chosen.part({name for name in chosen.rows if _holds(name, look.words)}, chosen.columns)
        return chosen

    def pairs(self) -> Sheet:
        """The pairs that are confused, the most frequent first."""
        look, chosen = self.look, self._chosen()
        if chosen is None:
            return Sheet(empty=self.missing)
        found = [pair for pair in chosen.pairs() if _holds(f"{pair.true} {pair.said}", look.words)]
        if len(look.marked) == 1:
            found = [pair for pair in found if {pair.true, pair.said} & look.marked.keys()]
        fields = pair_fields(self.report.confused.get(look.scored))
        rows: Sequence[Pair] = ordered(found, fields, look.pair_order)
        keys = [(pair.true, pair.said) for pair in rows]
        return Sheet(fields, rows, keys, look.pair_order, empty="nothing is confused")

    def is_empty(self, cell: tuple[str, str] | None) -> bool:
        """Whether nothing of the one class was taken for the other."""
        matrix = self.matrix()
        if cell is None or matrix is None or cell[0] not in matrix.rows or cell[1] not in matrix.columns:
            return True
        return not matrix.counts[matrix.rows.index(cell[0]), matrix.columns.index(cell[1])]

    def cell_words(self, cell: tuple[str, str] | None) -> str:
        """What a cell of the matrix says."""
        matrix = self.matrix()
        if cell is None or matrix is None or cell[0] not in matrix.rows or cell[1] not in matrix.columns:
            return ""
        true, said = cell
        row, column = matrix.rows.index(true), matrix.columns.index(said)
        count, images = int(matrix.counts[row, column]), int(matrix.images[row])
        what = "right" if true == said else f"-> {clean(said)}"
        share = f"{100 * count / images:.1f} %" if images else "-"
        opens = ("enter: classes" if self.is_folded else "enter: pictures") if count else ""
        return f"{clean(true)} {what}: {count:,} of {images:,}, {share}   {opens}".rstrip()

    def sentences(self) -> list[str]:
        """Against the reference, or why not."""
        scored, report = self.look.scored, self.report
        if scored in report.not_compared:
            return [f"Reference: {report.not_compared[scored]}."]
        if self.change is None:
            return []
        return self.change.sentences("press 4")

    def about(self) -> str:
        """The second line of the screen."""
        run, look, document = self.report.run, self.look, self.document
        train = self.report.documents.get("train")
        if not self.report.documents:
            parts = [run.state]
        elif document is None:
            parts = [look.split]
        elif look.split == "both" and train:
            parts = [f"test and train: {document['images']:,} and {train['images']:,} images"]
        else:
            parts = [f"{look.scored}: {document['images']:,} images"]
        if look.words:
            parts.append(f"/{clean(look.words)}")
        if look.marked:
            parts.append(f"{len(look.marked)} classes marked")
        if document is not None:
            epochs = (run.summary or {}).get("epochs_done")
            done = f" of {epochs}" if epochs else ""
            parts.append(f"epoch {document['selected_epoch']}{done}, selected on {clean(document['selected_on'])}")
        if self.report.reference is not None:
            parts.append(f"ref {clean(self.report.reference.name)}")
        return "  ".join([clean(run.name), *parts])


def _holds(text: str, words: str) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words.casefold().split())
