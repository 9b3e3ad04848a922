"""``paddock convert``: write a checkpoint in another format."""

from __future__ import annotations

import re
from pathlib import Path

import click

from paddock.cli.output import emit

_SIZE = re.compile(r"(\d{1,18})\s*(|K|M|G|T|KI|MI|GI|TI)B?", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def _parse_size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Bytes, with a decimal (``5GB``) or binary (``4GiB``) unit."""
    if value is None:
        return None
    found = _SIZE.fullmatch(value.strip())
    if not found:
        raise click.BadParameter(f"{value!r} is not a size such as 5GB, 500MB or 1000000")
    unit = found[2].upper()
    step = 1024 if unit.endswith("I") else 1000
    return int(found[1]) * int(step ** _POWERS[unit.removesuffix("I")])


@click.command(help="Write a checkpoint in another format.")
@click.argument("src", type=click.Path(path_type=Path))
@click.argument("dst", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "target",
    type=click.Choice(["safetensors", "gguf", "meta"]),
    required=True,
    help="The format to write.",
)
@click.option("--quant", help="Quantise to this block type (gguf).")
@click.option(
    "--shard-size", metavar="BYTES", callback=_parse_size, help="Largest weight file, such as 5GB."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    src: Path, dst: Path, target: str, quant: str | None, shard_size: int | None, as_json: bool
) -> None:
    from paddock.checkpoint.convert import ConvertOptions, convert_checkpoint

    options = ConvertOptions(target=target, quant=quant, shard_bytes=shard_size)
    written = convert_checkpoint(src, dst, options)
    files = [{"name": file.name, **file.digests._asdict()} for file in written]
    total = sum(file.digests.size_bytes for file in written)
    text = "\n".join(f"{f.digests.sha256}  {f.name}" for f in written)
    summary = f"{text}\n{len(written)} files, {total:,} bytes in {dst}"
    emit({"destination": str(dst), "size_bytes": total, "files": files}, summary, as_json=as_json)
