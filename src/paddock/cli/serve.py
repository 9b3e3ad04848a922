"""``paddock serve``: models behind OpenAI's API."""

from __future__ import annotations

import re
from typing import Any

import click
from click.core import ParameterSource

from paddock.cli.model_folder import needs_serve_extra
from paddock.cli.numbers import context_option
from paddock.cli.output import progress_note
from paddock.config import load_settings

_SETTINGS = (
    "host",
    "port",
    "auth",
    "memory",
    "precision",
    "threads",
    "verify",
    "trust",
    "scan",
    "policy",
    "idle_seconds",
    "drain_seconds",
    "sequences",
    "requests_per_minute",
    "tokens_per_minute",
    "concurrent",
)
# Options that say nothing to this engine.
_MEANINGLESS = {
    "native": ("vllm_arg",),
    "vllm": ("precision", "threads", "device", "draft", "prompt_lookup"),
}


def _size(_ctx: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Bytes, or a number with K, M, G or T behind it (of 1024)."""
    if value is None:
        return None
    number, unit = value[:-1], value[-1:].upper()
    shift = {"K": 10, "M": 20, "G": 30, "T": 40}.get(unit)
    number = number if shift else value
    if not number.isdecimal() or len(number) > 20:
        raise click.BadParameter(f"{value!r} is no size; write it as 8G", param=parameter)
    return int(number) << (shift or 0)


def _device(_ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:[0-9]{1,3})?", value):
        raise click.BadParameter(f"{value!r} is not auto, cpu, cuda or cuda:N", param=parameter)
    return value


@click.command(
    "serve",
    help="Serve each MODEL behind OpenAI's API: a path or namespace/name[@revision], "
    "or NAME=MODEL to call it so. Models are loaded when they are asked for.",
)
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option("--host", help="Address to listen on (127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (8001); 0: any.")
@click.option(
    "--engine",
    type=click.Choice(["native", "vllm"]),
    default="native",
    help="What computes: paddock's own engine, or `vllm serve`, started and fronted.",
)
@click.option("--auth", metavar="none|hub|FILE", help="Who may ask.")
@click.option("--memory", metavar="SIZE", callback=_size, help="What all models may take: 8G.")
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "bfloat16", "int8", "int4"]),
    help="How weights are kept (auto: as stored).",
)
@click.option("--threads", type=click.IntRange(0), help="Threads that compute.")
@click.option("--device", default="auto", callback=_device, help="auto, cpu, cuda or cuda:N.")
@context_option
@click.option("--sequences", type=click.IntRange(1), help="Requests computed at once (64).")
@click.option("--lora", multiple=True, metavar="NAME=PATH", help="An adapter of the first MODEL.")
@click.option("--draft", metavar="MODEL", help="A small model that proposes tokens.")
@click.option("--prompt-lookup", is_flag=True, help="Propose what followed the same text before.")
@click.option("--verify", type=click.Choice(["signed", "always", "intact"]), help="Releases taken.")
@click.option("--trust", metavar="FILE", help="Load only releases that these keys vouch for.")
@click.option("--scan", type=click.Choice(["auto", "always", "never"]), help="Scan before loading.")
@click.option("--policy", metavar="FILE|none", help="In place of the models' own use policies.")
@click.option("--idle-seconds", type=click.IntRange(0), help="Let unused models go after that.")
@click.option("--drain-seconds", type=click.IntRange(0), help="Let answers end at the end (30).")
@click.option("--requests-per-minute", type=click.IntRange(0), help="Of each caller.")
@click.option("--tokens-per-minute", type=click.IntRange(0), help="Of each caller.")
@click.option("--concurrent", type=click.IntRange(0), help="Requests of each caller at once.")
@click.option("--vllm-arg", multiple=True, metavar="ARGUMENT", help="Passed on to `vllm serve`.")
def command(models: tuple[str, ...], **options: Any) -> None:
    _check_engine(options)
    needs_serve_extra("serve")
    from paddock import log
    from paddock.serve.starting import Wanted, serve

    settings = load_settings({f"serve_{name}": options[name] for name in _SETTINGS})
    log.configure(settings.log_level, settings.log_format)
    wanted = Wanted(
        models=models,
        engine=options["engine"],
        adapters=options["lora"],
        draft=options["draft"],
        context=options["context"],
        prompt_lookup=options["prompt_lookup"],
        device=options["device"],
        vllm_arguments=options["vllm_arg"],
    )
    serve(wanted, settings, tell=click.echo, progress=progress_note)


def _check_engine(options: dict[str, Any]) -> None:
    """What one engine would pass over in silence is refused."""
    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        is_said = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if is_said and name in _MEANINGLESS[options["engine"]]:
            raise click.UsageError(
                f"{parameter.opts[0]} means nothing to --engine {options['engine']}"
            )
