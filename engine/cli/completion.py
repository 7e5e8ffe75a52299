"""`cnnlab completion`: the script that teaches a shell to complete commands, options and runs."""

from __future__ import annotations

import click

from engine.cli.output import print_line
from engine.errors import ExitCode


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
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
    print_line(kind(cnnlab, {}, "cnnlab", "_CNNLAB_COMPLETE").source())
    return ExitCode.DONE
