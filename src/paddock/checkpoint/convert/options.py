"""What a conversion is to make, checked before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from paddock.checkpoint.gguf.recipes import RECIPES
from paddock.checkpoint.gguf.values import Value
from paddock.errors import UsageError, shown

SAFETENSORS, GGUF, META = "safetensors", "gguf", "meta"
TARGETS = (SAFETENSORS, GGUF, META)
DTYPES = ("float32", "bfloat16", "float16")
MIN_SHARD_BYTES = 1 << 10
DEFAULT_MEMORY_BYTES = 1_000_000_000
NO_KEYS = MappingProxyType[str, Value]({})


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """What to make. No shard size: as the source is sharded, or Hugging Face's 5 GB.

    ``memory_bytes`` is what converting may take beyond what the process holds when it begins.
    ``name`` is what the model is called in GGUF files and their names, without one its folder is;
    ``gguf_keys`` go into their metadata. Without ``legal`` the licence texts stay behind.
    """

    targets: tuple[str, ...] = (SAFETENSORS,)
    quants: tuple[str, ...] = ()
    dtype: str | None = None
    shard_bytes: int | None = None
    memory_bytes: int = DEFAULT_MEMORY_BYTES
    name: str | None = None
    gguf_keys: Mapping[str, Value] = field(default_factory=lambda: NO_KEYS)
    legal: bool = True


def check_options(options: ConvertOptions, destination: Path) -> None:
    """Raise UsageError for wishes that contradict each other or the destination."""
    _check_known(options)
    if options.quants and GGUF not in options.targets:
        raise UsageError(
            f"only GGUF is quantised, not {' and '.join(options.targets)}",
            hint="add --to gguf, or leave --quant out",
        )
    if options.shard_bytes is not None:
        _check_shards(options, destination)
    if options.dtype and options.targets == (GGUF,):
        raise UsageError(
            "--dtype is for safetensors and Meta's layout",
            hint="--quant says what a GGUF file holds: f32, f16, bf16 or a block type",
        )
    if is_one_file(destination) and (options.targets != (GGUF,) or len(options.quants) > 1):
        raise UsageError(
            f"{destination.name} can only be one GGUF file", hint="name a folder for several"
        )


def is_one_file(destination: Path) -> bool:
    """Whether the destination is a GGUF file itself rather than a folder for it."""
    return destination.suffix == ".gguf"


def _check_known(options: ConvertOptions) -> None:
    if not options.targets:
        raise UsageError("no format to write was named")
    for name, given, known in (
        ("--to", options.targets, TARGETS),
        ("--quant", options.quants, tuple(RECIPES)),
        ("--dtype", (options.dtype,) if options.dtype else (), DTYPES),
    ):
        for value in given:
            if value not in known:
                raise UsageError(
                    f"{name} {shown(value)} is unknown", hint=f"use {', '.join(known)}"
                )
        if len(set(given)) != len(given):
            raise UsageError(f"{name} names the same twice")


def _check_shards(options: ConvertOptions, destination: Path) -> None:
    if options.targets == (META,):
        raise UsageError("Meta's layout has one file for each rank, and is not cut by size")
    if is_one_file(destination):
        raise UsageError(
            f"{destination.name} is one file, --shard-size may make several",
            hint="name a folder for them",
        )
    if options.shard_bytes is not None and options.shard_bytes < MIN_SHARD_BYTES:
        raise UsageError(
            f"shards of {options.shard_bytes} bytes are too small",
            hint=f"--shard-size takes {MIN_SHARD_BYTES} bytes or more",
        )
