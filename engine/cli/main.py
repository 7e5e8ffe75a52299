"""The `cnnlab` command: its groups of commands, found by name, and what becomes of errors."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from engine.cli.output import print_error
from engine.errors import ExitCode, LabError, RequestError, suggestion
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


class CommandTable(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"engine.cli.{COMMANDS[cmd_name]}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = suggestion(args[0], COMMANDS)
            raise RequestError(f"there is no command {args[0]!r}{near}; see `cnnlab --help`", field="command")
        return super().resolve_command(ctx, args)


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
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run `cnnlab` with these arguments; returns the exit code."""
    as_json = "--json" in arguments
    try:
        result: Any = cnnlab.main(arguments, prog_name="cnnlab", standalone_mode=False)
        sys.stdout.flush()
        return int(result) if isinstance(result, int) else ExitCode.DONE
    except LabError as error:
        print_error(error.message, error.field, error.exit_code, as_json)
        return error.exit_code
    except click.ClickException as error:
        field = _option_name(error)
        print_error(error.format_message().replace("\n", " "), field, ExitCode.USAGE, as_json)
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        print_error("interrupted", None, ExitCode.INTERRUPTED, as_json)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # whoever read us is gone: nothing may be written any more, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except PermissionError as error:
        print_error(f"{error.filename}: no permission; see its owner and mode", None, ExitCode.REFUSED, as_json)
        return ExitCode.REFUSED


def _option_name(error: click.ClickException) -> str | None:
    parameter = getattr(error, "param", None)
    return parameter.name if parameter is not None else getattr(error, "option_name", None)
