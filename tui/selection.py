"""What is selected, on all screens alike: the run under the cursor, marks, one reference; and how runs are listed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Selection:
    """Run ids, and the list's filter and order.

    Args:
        cursor: the run that every screen speaks of.
        marks: runs to compare or act on, in the order in which they were marked.
        reference: what others are compared with.
        filter: the expression that chooses what Runs lists.
        sort: the key it is sorted by, `-` before it for the other way round; empty: newest first.
        bell: the terminal rings when a run ends.
    """

    cursor: str | None = None
    marks: dict[str, None] = field(default_factory=dict)
    reference: str | None = None
    filter: str = ""
    sort: str = ""
    bell: bool = False

    def toggle_mark(self, run_id: str) -> None:
        if run_id in self.marks:
            del self.marks[run_id]
        else:
            self.marks[run_id] = None

    def toggle_reference(self, run_id: str) -> None:
        self.reference = None if self.reference == run_id else run_id
