"""``paddock generate``: continue a text with a model."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from typing import Any

import click

from paddock.cli.output import emit
from paddock.config import load_settings
from paddock.errors import Unavailable


def _finite(_ctx: click.Context, parameter: click.Parameter, value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a number to compute with", param=parameter)
    return value


@click.command("generate")
@click.argument("model")
@click.option("-p", "--prompt", required=True, help="Text to continue; may be empty.")
@click.option("-n", "--tokens", type=click.IntRange(1), help="New tokens at most (256).")
@click.option(
    "--temperature",
    type=click.FloatRange(0, 100),
    default=0.0,
    callback=_finite,
    help="0 always takes the likeliest token (the default).",
)
@click.option(
    "--top-p",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    callback=_finite,
    help="Draw from the likeliest tokens that reach this share (1).",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, help="Seed of the draw (0).")
@click.option(
    "--dtype",
    type=click.Choice(["auto", "float32", "bfloat16", "stored"]),
    default="auto",
    help="Type to compute in (auto: float32 up to a billion parameters, as stored above).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(model: str, prompt: str, dtype: str, as_json: bool, **sampling: Any) -> None:
    """Continue a text with MODEL, a path or namespace/name[@revision].

    This is raw completion: the model sees the prompt as it is, without a chat template.
    """
    _require_torch()
    folder = _folder_of(model)  # a name that leads nowhere need not wait for torch
    from paddock.llama.completion import complete
    from paddock.llama.generate import Sampling
    from paddock.llama.loading import Precision, load

    choice = Sampling(max_tokens=sampling.pop("tokens"), **sampling)
    loaded = load(folder, Precision(dtype))
    done = complete(loaded, prompt, choice, _nothing if as_json else _print)
    if as_json:
        emit({"model": model, "seed": choice.seed, **done.to_dict()}, "", as_json=True)
    elif sys.stdout.isatty():
        click.echo()  # into a pipe goes the text, to the letter


def _folder_of(model: str) -> Path:
    from paddock.cli.model_folder import model_folder

    return model_folder(model, load_settings())


def _require_torch() -> None:
    if importlib.util.find_spec("torch") is None:
        raise Unavailable(
            "generate needs PyTorch, which is not installed",
            hint="install paddock with its model extra: pip install 'paddock[model]'",
        )


def _print(piece: str) -> None:
    click.echo(piece, nl=False)
    sys.stdout.flush()


def _nothing(_piece: str) -> None:
    """JSON comes in one piece, at the end."""
