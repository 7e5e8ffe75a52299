"""`cnnlab data`: what data sets there are, what is in them, how they get here."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from engine.cli.fetch import fetch_with_bar
from engine.cli.groups import Group
from engine.cli.options import data_dir_option, json_option
from engine.cli.output import console, print_json, print_line, print_note
from engine.cli.table import print_table
from engine.errors import ExitCode
from engine.layout import Column
from engine.text import clean


@click.group(cls=Group)
def data() -> None:
    """Data sets: list them, fetch them, look into them."""


@data.command(name="list")
@data_dir_option
@json_option
def list_(data_dir: Path | None, as_json: bool) -> int:
    """The data sets, and where they were found."""
    from engine.data import list_datasets

    listings = list_datasets(data_dir)
    if as_json:
        print_json({"datasets": [dataclasses.asdict(listing) for listing in listings]})
        return ExitCode.DONE
    for listing in listings:
        found = clean(listing.found) if listing.found else "not here" if listing.name != "folder" else ""
        print_line(f"{listing.name:<10} {listing.description:<58} {found}".rstrip())
    return ExitCode.DONE


@data.command()
@click.argument("name")
@data_dir_option
@json_option
def fetch(name: str, data_dir: Path | None, as_json: bool) -> int:
    """Fetch a data set: resumed where it was cut, and checked."""
    path = fetch_with_bar(name, data_dir)
    if as_json:
        print_json({"name": name, "file": str(path), "size_bytes": path.stat().st_size})
    else:
        print_line(clean(path))
    return ExitCode.DONE


@data.command()
@click.argument("name")
@click.option("--class", "class_name", metavar="C", help="draw samples of this class, or superclass")
@click.option("--count", type=click.IntRange(1, 64), default=4, show_default=True, help="samples drawn")
@data_dir_option
@json_option
def show(name: str, class_name: str | None, count: int, data_dir: Path | None, as_json: bool) -> int:
    """Classes of a data set with their superclass and number of images; with --class, samples.

    \b
    cnnlab data show cifar100 --class apple
    """
    from engine.data import class_samples, describe_dataset

    if class_name is not None and not as_json:
        from engine.cli.pictures import draw_row

        out = console()
        for line in draw_row(class_samples(name, class_name, data_dir, count), out.width, colour=_has_colour()):
            print_line(line)
        return ExitCode.DONE
    info = describe_dataset(name, data_dir)
    if as_json:
        document = {"name": info.name, "image_shape": list(info.image_shape)}
        classes = [dataclasses.asdict(entry) for entry in info.classes]
        print_json({**document, "classes": classes, "notices": list(info.notices)})
    else:
        _print_classes(info.classes)
        shape = "x".join(map(str, info.image_shape))
        print_line(f"{len(info.classes)} classes, images {shape} (height, width, channels)")
    for notice in info.notices:
        print_note(clean(notice))
    if info.problem:
        print_note(f"no counts: {clean(info.problem)}")
    return ExitCode.DONE


def _print_classes(classes: list[Any]) -> None:
    grouped = any(entry.superclass for entry in classes)
    columns = [Column("index", right=True), Column("class"), Column("train", right=True), Column("test", right=True)]
    if grouped:
        columns.insert(2, Column("superclass", least=10))
    rows = []
    for entry in classes:
        counts = ["-" if count is None else f"{count:,}" for count in (entry.train, entry.test)]
        group = [clean(entry.superclass or "")] if grouped else []
        rows.append([str(entry.index), clean(entry.name), *group, *counts])
    print_table(columns, rows)


def _has_colour() -> bool:
    return console().color_system is not None and not console().no_color
