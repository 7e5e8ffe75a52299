"""Groups of commands: a wrong name is answered with the nearest one, and every command takes the shared options."""

from __future__ import annotations

import click

from engine.errors import RequestError, suggestion
from engine.text import clean

_EVERYWHERE = ("--runs", "--data-dir")


class Group(click.Group):
    """A group that suggests; its commands accept what a script gives to all of them alike."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        return None if command is None else with_shared_options(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names = self.list_commands(ctx)
        if args and args[0] not in names and not args[0].startswith("-"):
            near = clean(suggestion(args[0], names))
            place = ctx.command_path
            raise RequestError(f"there is no command {clean(args[0])!r}{near}; see `{place} --help`", field="command")
        return super().resolve_command(ctx, args)


def with_shared_options(command: click.Command) -> click.Command:
    """The command; options that have no bearing on it are accepted, and left out of its help."""
    known = {option for parameter in command.params for option in parameter.opts}
    if not isinstance(command, click.Group):
        command.params += [
            click.Option([name], metavar="DIR", hidden=True, expose_value=False)
            for name in _EVERYWHERE
            if name not in known
        ]
    return command
