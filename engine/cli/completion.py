"""`cnnlab completion`: the script that teaches a shell to complete commands, options and runs."""

from __future__ import annotations

import click

from engine.cli.options import json_option
from engine.cli.output import print_json, print_line
from engine.errors import ExitCode


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@json_option
def completion(shell: str, as_json: bool) -> int:
    """Print the completion script of a shell.

    \b
    cnnlab completion bash >> ~/.bashrc
    cnnlab completion zsh >> ~/.zshrc
    cnnlab completion fish > ~/.config/fish/completions/cnnlab.fish
    """
    from click.shell_completion import get_completion_class

    from engine.cli.main import cnnlab

    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"{shell} is not known")
    script = kind(cnnlab, {}, "cnnlab", "_CNNLAB_COMPLETE").source()
    if as_json:
        print_json({"shell": shell, "script": script})
    else:
        print_line(script)
    return ExitCode.DONE
