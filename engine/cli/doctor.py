"""`cnnlab doctor`: what is found here, and what to do about each problem."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from engine.cli.options import data_dir_option, default_runs_dir, json_option, runs_option
from engine.cli.output import print_line, print_outcome
from engine.errors import ExitCode


@click.command()
@data_dir_option
@runs_option
@json_option
def doctor(data_dir: Path | None, runs_dir: Path | None, as_json: bool) -> int:
    """Check Python, torch, devices and driver, disk, data sets and run folders."""
    from engine.diagnosis import diagnose

    checks = list(diagnose(runs_dir or default_runs_dir(), data_dir))
    problems = [check.name for check in checks if not check.ok]
    code = ExitCode.FAILED if problems else ExitCode.DONE
    if as_json:
        document = {"checks": [{**asdict(check), "fix": None if check.ok else check.fix} for check in checks]}
        print_outcome(document, code, f"to be mended: {', '.join(problems)}")
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            print_line(f"{'ok ' if check.ok else 'NO '} {check.name:<{width}}  {check.detail}")
            if not check.ok and check.fix:
                print_line(f"    {'':<{width}}  -> {check.fix}")
    return code
