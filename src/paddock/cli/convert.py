"""``paddock convert``: write a checkpoint in other formats."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paddock.cli.output import emit, is_terminal, progress_note

if TYPE_CHECKING:
    from paddock.checkpoint.convert.convert import Conversion, WrittenFile

_ABOUT = """SRC is a folder or a file: Hugging Face, Meta, GGUF, PyTorch, NumPy or llama2.c. DST is
a new folder; for one GGUF file it may be a file, NAME.gguf. Of several targets, safetensors is the
folder, GGUF files lie in it and Meta's layout is its original/."""
_SECONDS_BETWEEN_LINES = 0.2


def _size_bytes(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    from paddock.checkpoint.sizes import parse_size

    if value is None:
        return None
    size_bytes = parse_size(value)
    if size_bytes is None:
        raise click.BadParameter(f"{value!r} is not a size such as 5GB, 500MB or 1000000")
    return size_bytes


@click.command(help="Write a checkpoint in other formats, in one pass over it.", epilog=_ABOUT)
@click.argument("src", type=click.Path(path_type=Path))
@click.argument("dst", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "targets",
    type=click.Choice(["safetensors", "gguf", "meta"], case_sensitive=False),
    multiple=True,
    required=True,
    help="The format to write; may be given several times.",
)
@click.option(
    "--quant",
    "quants",
    metavar="TYPE",
    multiple=True,
    help="What a GGUF file holds: f32, f16, bf16, q8_0, q4_0, q4_k_s, q4_k_m, q5_k_s, q5_k_m or "
    "q6_k; may be given several times. Default: what the source holds.",
)
@click.option(
    "--dtype",
    metavar="TYPE",
    help="What safetensors and Meta's layout hold: float32, bfloat16 or float16. Default: what the "
    "source holds; bfloat16 where that is quantised.",
)
@click.option(
    "--shard-size", metavar="BYTES", callback=_size_bytes, help="Largest weight file, such as 5GB."
)
@click.option(
    "--memory",
    metavar="BYTES",
    callback=_size_bytes,
    help="What the command may take of memory (default: the setting convert_memory, 1GB).",
)
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(src: Path, dst: Path, *, dry_run: bool, as_json: bool, **given: Any) -> None:
    from paddock.checkpoint.convert.convert import convert_checkpoint, plan_conversion
    from paddock.checkpoint.convert.memory import allowance
    from paddock.checkpoint.convert.options import ConvertOptions
    from paddock.config import load_settings

    settings = load_settings({"convert_memory": given["memory"]})
    options = ConvertOptions(
        targets=given["targets"],
        quants=tuple(name.lower() for name in given["quants"]),
        dtype=given["dtype"] and given["dtype"].lower(),
        shard_bytes=given["shard_size"],
        memory_bytes=allowance(settings.convert_memory),
    )
    if dry_run:
        plan = plan_conversion(src, dst, options).to_dict()
        emit({"destination": str(dst), **plan}, _plan_text(plan, dst), as_json=as_json)
        return
    done = convert_checkpoint(src, dst, options, _progress() if is_terminal() else None)
    for note in done.notes:
        progress_note(f"note: {note}")
    emit(_as_dict(done, dst), _text(done, dst), as_json=as_json)


def _progress() -> Callable[[int, int], None]:
    """A line on the terminal that is written over, some times a second."""
    began = time.monotonic()
    last = began

    def show(done_bytes: int, total_bytes: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done_bytes < total_bytes and now - last < _SECONDS_BETWEEN_LINES:
            return
        last = now
        rate = done_bytes / max(now - began, 1e-3) / 1e9
        line = (
            f"{done_bytes * 100 // max(total_bytes, 1)}% of {total_bytes:,} bytes, {rate:.2f} GB/s"
        )
        click.echo(f"\r{line}\x1b[K", err=True, nl=done_bytes >= total_bytes)

    return show


def _text(done: Conversion, dst: Path) -> str:
    lines = [f"{file.digests.sha256}  {file.name}" for file in done.files]
    total = sum(file.digests.size_bytes for file in done.files)
    return "\n".join([*lines, f"{_files(len(done.files))}, {total:,} bytes in {dst}"])


def _as_dict(done: Conversion, dst: Path) -> dict[str, Any]:
    return {
        "destination": str(dst),
        "size_bytes": sum(file.digests.size_bytes for file in done.files),
        "files": [_file(file) for file in done.files],
        "sources": [_file(file) for file in done.sources],
        "reads": done.reads,
        "notes": list(done.notes),
    }


def _file(file: WrittenFile) -> dict[str, Any]:
    return {"name": file.name, **file.digests._asdict()}


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _plan_text(plan: dict[str, Any], dst: Path) -> str:
    lines = []
    for file in plan["files"]:
        types = ", ".join(f"{count} {name}" for name, count in file.get("types", {}).items())
        lines.append(f"{file['size_bytes']:>18,}  {file['name']}{f'  ({types})' if types else ''}")
    lines += [f"note: {note}" for note in plan["notes"]]
    total = f"{plan['size_bytes']:,} bytes would be written to {dst}"
    return "\n".join([*lines, f"{_files(len(plan['files']))}, {total}"])
