"""The `cnnlab` command: its groups of commands, found by name, and what becomes of errors."""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from typing import Any

import click

from engine.cli.groups import Group, with_shared_options
from engine.cli.output import abandon, print_error, print_note
from engine.errors import FULL, REFUSED, ExitCode, LabError
from engine.version import __version__

# Command -> the module that holds it; a module is imported when its command, or the whole help, is asked for.
COMMANDS = {
    "train": "train",
    "study": "study",
    "resume": "train",
    "extend": "train",
    "follow": "worker",
    "queue": "worker",
    "worker": "worker",
    "runs": "runs",
    "show": "runs",
    "report": "report",
    "compare": "compare",
    "export": "export",
    "verify": "export",
    "predict": "export",
    "stop": "steer",
    "pause": "steer",
    "clone": "manage",
    "edit": "manage",
    "rm": "manage",
    "restore": "manage",
    "prune": "manage",
    "data": "data",
    "summary": "summary",
    "doctor": "doctor",
    "completion": "completion",
}


class CommandTable(Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"engine.cli.{COMMANDS[cmd_name]}"), cmd_name)
        return with_shared_options(command)


@click.group(cls=CommandTable, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="cnnlab")
def cnnlab() -> None:
    """A laboratory for convolutional networks.

    Choose classes of an image data set, train a network, compare runs with their uncertainty, read the report of
    every class, export to ONNX. RUN is an id, a unique beginning of one, a name, @last or @best.

    \b
    cnnlab study pooling --dataset digits --epochs 60 --seeds 3
    cnnlab report @best
    cnnlab export @best
    """


def main(arguments: list[str] | None = None) -> None:
    """Run `cnnlab` and leave with its exit code. Nothing a user can cause ends in a traceback."""
    _open_closed_streams()
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run `cnnlab` with these arguments; returns the exit code."""
    try:
        code = _run(arguments, "--json" in arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        abandon(sys.stdout)
        return ExitCode.DONE
    except OSError as error:  # of our own output: anything else is answered below
        abandon(sys.stdout)
        if error.errno == errno.EIO:  # of a terminal that is gone
            return ExitCode.HANGUP
        is_full = error.errno in FULL
        print_error(f"stdout: {error.strerror}; give it another place", None, ExitCode.FAILED, as_json=False)
        return ExitCode.STORAGE_FULL if is_full else ExitCode.FAILED
    return code


def _run(arguments: list[str], as_json: bool) -> int:
    streams = sys.stdout, sys.stderr
    try:
        result: Any = cnnlab.main(arguments, prog_name="cnnlab", standalone_mode=False)
        return int(result) if isinstance(result, int) else ExitCode.DONE
    except SystemExit as error:
        if sys.stdout is streams[0]:
            raise
        sys.stdout, sys.stderr = streams  # click's answer to a closed pipe: other streams, and exit code 1
        raise BrokenPipeError from error
    except LabError as error:
        print_error(error.message, error.field, error.exit_code, as_json, error.each())
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        for line in error.format_message().splitlines():
            print_note(line)
        return ExitCode.USAGE
    except click.ClickException as error:
        print_error(error.format_message().replace("\n", " "), _field(error), ExitCode.USAGE, as_json)
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        print_error("interrupted", None, ExitCode.INTERRUPTED, as_json)
        return ExitCode.INTERRUPTED
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOENT:
            raise
        code = _exit_code(error)
        print_error(f"{error.filename or 'the working folder'}: {error.strerror}", None, code, as_json)
        return code


def _exit_code(error: OSError) -> ExitCode:
    """A path that cannot be is a wrong request; the rest is as elsewhere."""
    if error.errno in FULL:
        return ExitCode.STORAGE_FULL
    return ExitCode.REFUSED if error.errno in REFUSED else ExitCode.USAGE


def _field(error: click.ClickException) -> str | None:
    """What an error of click is about: `top` of `--top`, `run` of `RUN`."""
    parameter = getattr(error, "param", None)
    if isinstance(parameter, click.Argument):
        return parameter.make_metavar(click.Context(cnnlab)).strip("[].").lower()
    name = parameter.opts[0] if parameter is not None else getattr(error, "option_name", None)
    return None if name is None else str(name).lstrip("-")


def _open_closed_streams() -> None:
    """Streams that whoever started us closed lead nowhere; else the next file opened would get their number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115 - as long as the process
