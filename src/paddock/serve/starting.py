"""A server as its operator wants it: from names and settings to models, gate and limits."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.errors import BadCheckpoint, DiskFailure
from paddock.checkpoint.opening import open_checkpoint
from paddock.config import Settings
from paddock.engine.opening import OpenOptions, packed_folder
from paddock.engine.precision import parse_precision
from paddock.errors import UsageError
from paddock.listening import address, listen
from paddock.release.publishing.hub_client import Hub
from paddock.serve.callers import Gate, Limits
from paddock.serve.gates.hub_gate import HubGate
from paddock.serve.gates.open_gate import OpenGate, is_loopback
from paddock.serve.gates.token_file import TokenFile
from paddock.serve.limiter import Limiter
from paddock.serve.models.budget import default_budget_bytes
from paddock.serve.models.catalogue import Entry, FixedCatalogue
from paddock.serve.models.context import agreed_context
from paddock.serve.models.loaded import Loader
from paddock.serve.models.naming import Find, entries_of
from paddock.serve.models.native import NativeLoader, NativeOptions
from paddock.serve.models.residents import ResidentLimits, Residents
from paddock.serve.models.sources import PathSource, source_of
from paddock.serve.models.verifying import Rules
from paddock.serve.policy.loading import Bench, PolicedLoader
from paddock.serve.serving import Serving
from paddock.serve.vllm.loading import VllmLoader, VllmOptions

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for beside the settings."""

    models: Sequence[str]  # MODEL, or NAME=MODEL
    engine: str = "native"
    adapters: Sequence[str] = ()  # NAME=PATH, each on the first model
    draft: str | None = None
    context: int | None = None
    prompt_lookup: bool = False
    device: str = "auto"
    vllm_arguments: Sequence[str] = field(default=())


class _Ready(NamedTuple):
    """A server that only needs to listen."""

    serving: Serving
    gate: Gate
    limiter: Limiter
    names: tuple[str, ...]


def serve(wanted: Wanted, settings: Settings, *, tell: Tell, progress: Tell) -> None:
    """Serve until told to stop; ``tell`` gets what to know, ``progress`` what is being done."""
    from paddock.serve.server import run

    ready = _ready(wanted, settings)
    listener = listen(settings.serve_host, settings.serve_port)
    url = address(listener, settings.serve_host)

    async def begin() -> None:
        """One model is loaded at once, so that whoever started us learns what is wrong with it."""
        first, talks = ready.names[0], True
        if len(wanted.models) == 1:
            progress(f"loading {first}")
            talks = await ready.serving.preload(first)
        tell(f"paddock serves {', '.join(ready.names)} at {url}/v1")
        tell(_next_steps(url, first, asks=not isinstance(ready.gate, OpenGate), talks=talks))

    run(
        ready.serving,
        ready.gate,
        ready.limiter,
        listener,
        drain_seconds=settings.serve_drain_seconds,
        begin=begin,
    )


def _ready(wanted: Wanted, settings: Settings) -> _Ready:
    """Everything that serving needs; raises what is wrong with names and settings."""
    gate = _gate_of(settings)
    find = finding(settings, Rules.of(settings, foreign=wanted.engine == "vllm"))
    entries = entries_of(wanted.models, wanted.adapters, find)
    _check_context(wanted.context, entries)
    limiter = limiter_of(settings)
    loader = _loader(wanted, settings, find)
    residents = policed_residents(loader, settings, find)
    if isinstance(loader, VllmLoader):
        loader.residents = residents
    serving = Serving(FixedCatalogue(entries, gate), residents, limiter)
    return _Ready(serving, gate, limiter, tuple(entry.name for entry in entries))


def _gate_of(settings: Settings) -> Gate:
    """Who gets in; without a word, everybody on this machine and nobody else."""
    match settings.serve_auth:
        case "none":
            return OpenGate()
        case "hub":
            return HubGate(settings.hub_url)
        case "":
            if is_loopback(settings.serve_host):
                return OpenGate(is_local=True)
            raise UsageError(
                f"{settings.serve_host} can be reached from other machines, and nobody was said to "
                "be let in",
                hint="choose --auth hub, --auth FILE, or --auth none for everybody",
            )
    return TokenFile(Path(settings.serve_auth).expanduser())


def limiter_of(settings: Settings) -> Limiter:
    """What everybody may ask for who has no limits of their own."""
    return Limiter(
        Limits(
            settings.serve_requests_per_minute,
            settings.serve_tokens_per_minute,
            settings.serve_concurrent,
        )
    )


def _resident_limits(settings: Settings) -> ResidentLimits:
    """How much memory, and for how long."""
    return ResidentLimits(
        settings.serve_memory or default_budget_bytes(),
        idle_seconds=settings.serve_idle_seconds,
        max_waiting=settings.serve_waiting,
    )


def finding(settings: Settings, rules: Rules) -> Find:
    """Where a MODEL's files come from: a path, or a repository of the hub."""
    return functools.partial(source_of, hub=Hub(settings.hub_url, settings.token), rules=rules)


def policed_residents(loader: Loader, settings: Settings, find: Find) -> Residents:
    """Models with their use policies, and room for the judges that these ask."""
    bench = Bench(NativeLoader(native_options(settings)), find)
    policed = PolicedLoader(loader, bench, settings.serve_policy)
    bench.residents = Residents(policed, _resident_limits(settings))
    return bench.residents


def native_options(settings: Settings, *, device: str = "auto") -> NativeOptions:
    """How our own engine opens and runs models."""
    opening = OpenOptions(
        precision=parse_precision(settings.serve_precision),
        threads=settings.serve_threads,
        device=device,
        packed=packed_folder(settings),
    )
    return NativeOptions(
        opening, max_sequences=settings.serve_sequences, max_waiting=settings.serve_waiting
    )


def _loader(wanted: Wanted, settings: Settings, find: Find) -> Loader:
    if wanted.engine == "vllm":
        return VllmLoader(VllmOptions(settings.vllm, wanted.context, tuple(wanted.vllm_arguments)))
    draft = find(wanted.draft).fetch() if wanted.draft else None
    options = native_options(settings, device=wanted.device)
    return NativeLoader(
        replace(options, context=wanted.context, draft=draft, prompt_lookup=wanted.prompt_lookup)
    )


def _check_context(wanted: int | None, entries: Sequence[Entry]) -> None:
    """At once, and not when a model is first asked for; whatever else is wrong is told then."""
    for entry in entries if wanted is not None else ():
        if isinstance(entry.source, PathSource):
            with suppress(BadCheckpoint, DiskFailure, OSError):
                agreed_context(wanted, open_checkpoint(entry.source.path).config.context)


def _next_steps(url: str, name: str, *, asks: bool, talks: bool) -> str:
    route = "chat/completions" if talks else "completions"
    said = {"messages": [{"role": "user", "content": "Hello!"}]} if talks else {"prompt": "Once"}
    body = json.dumps({"model": name, **said}).replace("'", "'\\''")
    key = " -H 'authorization: Bearer TOKEN'" if asks else ""
    head = f"  curl {url}/v1/{route} -H 'content-type: application/json'{key}"
    return f"\ntry next, in another shell:\n{head} -d '{body}'"
