"""Options that several commands have: numbers to draw with, and how long a context is."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]


def finite(_ctx: click.Context, parameter: click.Parameter, value: float) -> float:
    """The number; infinities and what is none are refused."""
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a number to compute with", param=parameter)
    return value


def context_option(command: Command) -> Command:
    """``--context``, at most as long as the model's own."""
    return click.option(
        "--context", type=click.IntRange(1), help="Shorter than the model's own, in tokens."
    )(command)


def sampling_options(temperature: float) -> Callable[[Command], Command]:
    """``--temperature`` and ``--top-p``, the first with a default of the command's own."""
    default = " (the default)" if temperature == 0 else f" ({temperature:g})"

    def add(command: Command) -> Command:
        command = click.option(
            "--top-p",
            type=click.FloatRange(0, 1, min_open=True),
            default=1.0,
            callback=finite,
            help="Draw from the likeliest tokens that reach this share (1).",
        )(command)
        return click.option(
            "--temperature",
            type=click.FloatRange(0, 100),
            default=temperature,
            callback=finite,
            help=f"0 always takes the likeliest token{default}.",
        )(command)

    return add
