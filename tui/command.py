"""`cnnlab-tui`: starts the app, where there is a terminal for it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.cli.options import data_dir_option, open_store, runs_option
from engine.errors import ExitCode, LabError
from engine.version import __version__


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cnnlab-tui")
@data_dir_option
@runs_option
def cnnlab_tui(data_dir: Path | None, runs_dir: Path | None) -> None:
    """The laboratory on this terminal's screen. What trains goes on when you leave."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo("cnnlab-tui: needs a terminal; without one: cnnlab --help", err=True)
        sys.exit(ExitCode.USAGE)
    from tui.app import LabApp
    from tui.farewell import farewell
    from tui.terminal import when_gone

    app = LabApp(open_store(runs_dir), data_dir)
    when_gone(app.exit)
    app.run()
    if line := farewell(app.runs):
        click.echo(line)


def main() -> None:
    """Run `cnnlab-tui` and leave with its exit code."""
    try:
        cnnlab_tui()
    except LabError as error:
        click.echo(f"cnnlab-tui: {error.message}", err=True)
        sys.exit(error.exit_code)
