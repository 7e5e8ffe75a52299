"""What differs between runs, which is best, and whether the difference is real. Pure functions over run folders."""

from engine.comparison.document import compare
from engine.comparison.table import to_csv, to_markdown

__all__ = ["compare", "to_csv", "to_markdown"]
