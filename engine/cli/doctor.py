"""`cnnlab doctor`: what is found here, and what to do about each problem."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import confirm, data_dir_option, json_option, open_store, runs_option
from engine.cli.output import print_line, print_note, print_outcome
from engine.errors import DataError, ExitCode
from engine.places import default_runs_dir
from engine.text import clean

if TYPE_CHECKING:
    from engine.store import RunStore


@click.command()
@click.option("--repair", is_flag=True, help="make damaged run.json files anew, from what else is there")
@click.option("--yes", is_flag=True, help="with --repair: do not ask")
@data_dir_option
@runs_option
@json_option
def doctor(repair: bool, yes: bool, data_dir: Path | None, runs_dir: Path | None, as_json: bool) -> int:
    """Check Python, torch, devices and driver, disk, data sets and run folders.

    A run whose run.json is damaged can mostly be mended: settings are read from what is left of it, or from the last
    checkpoint. The damaged file is kept as run.json.damaged.
    """
    from engine.diagnosis import diagnose

    if repair:
        _repair(open_store(runs_dir), yes)
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


def _repair(store: RunStore, yes: bool) -> None:
    """Mend what can be mended, after a question."""
    from engine.repair import mend, plan_repair

    repairs = []
    for run in store.runs():
        if not run.damage:
            continue
        try:
            repairs.append(plan_repair(run))
        except DataError:
            continue  # the checks below say why
    for repair in repairs:
        print_note(f"{repair.run.id}: a new run.json, settings from {repair.source}: {clean(repair.outcome)}")
    if not repairs:
        print_note("there is no damaged run that can be mended")
        return
    confirm(f"write {len(repairs)} new run.json?", yes)
    for repair in repairs:
        mend(repair)
