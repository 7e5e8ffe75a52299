"""The options of `cnnlab-tui`, with help, completion and words for mistakes."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import data_dir_option, runs_option
from engine.version import __version__
from tui.command import run_app


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cnnlab-tui")
@data_dir_option
@runs_option
def cnnlab_tui(data_dir: Path | None, runs_dir: Path | None) -> None:
    """The laboratory on this terminal's screen. What trains goes on when you leave."""
    run_app(runs_dir, data_dir)
