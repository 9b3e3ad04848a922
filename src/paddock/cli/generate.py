"""``paddock generate``: continue a text with a model."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from paddock.cli.model_folder import checked_folder, needs_serve_extra
from paddock.cli.numbers import context_option, sampling_options
from paddock.cli.output import emit
from paddock.config import Settings, load_settings

# ``auto`` depends on the model; the engine's own word for what is stored is that, too.
_PRECISIONS: Final = ("auto", "float32", "bfloat16", "int8", "int4", "stored")


@click.command("generate")
@click.argument("model")
@click.option("-p", "--prompt", required=True, help="Text to continue; may be empty.")
@click.option("-n", "--tokens", type=click.IntRange(1), help="New tokens at most (256).")
@sampling_options(temperature=0.0)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, help="Seed of the draw (0).")
@click.option(
    "--precision",
    "--dtype",
    type=click.Choice(_PRECISIONS),
    default="auto",
    help="How weights are kept (auto: float32 up to a billion parameters, as stored above).",
)
@context_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(model: str, prompt: str, as_json: bool, **wanted: Any) -> None:
    """Continue a text with MODEL, a path or namespace/name[@revision].

    This is raw completion: the model sees the prompt as it is, without a chat template.
    """
    needs_serve_extra("generate")
    settings = load_settings()
    folder = checked_folder(model, settings)  # what is refused need not wait for the engine
    on_text = _nothing if as_json else _printer()
    told = asyncio.run(_continue(folder, prompt, settings, on_text, **wanted))
    if as_json:
        emit({"model": model, "seed": wanted["seed"], **told}, "", as_json=True)
    elif sys.stdout.isatty():
        click.echo()  # into a pipe goes the text, to the letter


async def _continue(
    folder: Path, prompt: str, settings: Settings, on_text: Callable[[str], None], **wanted: Any
) -> dict[str, Any]:
    from paddock.engine.precision import Precision, parse_precision
    from paddock.engine.request import Sampling
    from paddock.serve.terminal.continuing import continue_text
    from paddock.serve.terminal.opening import Alone, exact_precision, opened

    match wanted["precision"]:
        case "auto":
            precision = exact_precision(folder)
        case "stored":
            precision = Precision.AUTO
        case name:
            precision = parse_precision(name)
    sampling = Sampling(wanted["temperature"], top_p=wanted["top_p"], seed=wanted["seed"])
    alone = Alone(precision, context=wanted["context"])
    async with opened(folder, folder.name, alone, settings) as served:
        done = await continue_text(served, prompt, sampling, wanted["tokens"], on_text)
    return done.to_dict()


def _printer() -> Callable[[str], None]:
    """To the letter into a pipe; a terminal gets nothing that it would take for an order."""
    if not sys.stdout.isatty():
        return _print
    from paddock.serve.terminal.cleaning import clean

    return lambda piece: _print(clean(piece))


def _print(piece: str) -> None:
    click.echo(piece, nl=False)
    sys.stdout.flush()


def _nothing(_piece: str) -> None:
    """JSON comes in one piece, at the end."""
