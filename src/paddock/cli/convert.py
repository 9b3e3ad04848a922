"""``paddock convert``: write a checkpoint in another format."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.output import emit


def _size_bytes(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    from paddock.checkpoint.sizes import parse_size

    if value is None:
        return None
    size_bytes = parse_size(value)
    if size_bytes is None:
        raise click.BadParameter(f"{value!r} is not a size such as 5GB, 500MB or 1000000")
    return size_bytes


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
    "--shard-size", metavar="BYTES", callback=_size_bytes, help="Largest weight file, such as 5GB."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    src: Path, dst: Path, target: str, quant: str | None, shard_size: int | None, as_json: bool
) -> None:
    from paddock.checkpoint.convert.convert import ConvertOptions, convert_checkpoint

    options = ConvertOptions(target=target, quant=quant, shard_bytes=shard_size)
    written = convert_checkpoint(src, dst, options)
    files = [{"name": file.name, **file.digests._asdict()} for file in written]
    total = sum(file.digests.size_bytes for file in written)
    text = "\n".join(f"{f.digests.sha256}  {f.name}" for f in written)
    summary = f"{text}\n{len(written)} files, {total:,} bytes in {dst}"
    emit({"destination": str(dst), "size_bytes": total, "files": files}, summary, as_json=as_json)
