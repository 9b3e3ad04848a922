"""``paddock inspect``: what a checkpoint is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddock.cli.output import emit
from paddock.errors import shown

if TYPE_CHECKING:
    from paddock.checkpoint.inspection import Inspection
    from paddock.checkpoint.shape.experts import Experts
    from paddock.checkpoint.shape.llama4 import Llama4


@click.command(help="What a checkpoint is: family, shapes, parameters, tokenizer, licence hints.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(path: Path, as_json: bool) -> None:
    from paddock.checkpoint.inspection import inspect_checkpoint

    inspection = inspect_checkpoint(path)
    emit(inspection.to_dict(), _render(inspection), as_json=as_json)


def _render(inspection: Inspection) -> str:
    rows = [
        ("format", inspection.format),
        ("family", _family(inspection)),
        ("parameters", f"{inspection.parameters:,}"),
        ("weights", f"{inspection.tensor_bytes:,} bytes in {len(inspection.tensors):,} tensors"),
    ]
    for dtype, count in inspection.dtypes.items():
        rows.append((dtype, f"{count.parameters:,} parameters in {count.tensors:,} tensors"))
    rows += _shape_rows(inspection)
    tokenizer = inspection.tokenizer
    if tokenizer:
        template = ", with a chat template" if tokenizer.has_chat_template else ""
        told = f"{tokenizer.vocab_size:,} ids, {tokenizer.kind} ({tokenizer.file}){template}"
        rows.append(("tokenizer", told))
    for hint in inspection.licences:
        rows.append(("licence", f"{hint.licence or 'a text that is not known'} ({hint.file})"))
    if not inspection.licences:
        rows.append(("licence", "nothing says which"))
    if inspection.ignored:
        rows.append(("ignored", f"not weights: {', '.join(map(shown, inspection.ignored[:20]))}"))
    rows += [("problem", problem) for problem in inspection.problems]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {value}" for name, value in rows)


def _expert_rows(experts: Experts | None) -> list[tuple[str, str]]:
    if experts is None:
        return []
    told = f"{experts.count} in {len(experts.layers)} layers, {experts.ffn_dim:,} wide"
    return [("experts", f"{told}; {experts.chosen} compute each token")]


def _attention_rows(llama4: Llama4 | None) -> list[tuple[str, str]]:
    if llama4 is None:
        return []
    without = len(llama4.without_positions)
    told = f"chunks of {llama4.chunk:,} tokens; {without} layers without positions see everything"
    return [("attention", told)]


def _family(inspection: Inspection) -> str:
    if inspection.published_as:
        return f"{inspection.family} (the shape of {inspection.published_as})"
    return inspection.family or "unknown"


def _shape_rows(inspection: Inspection) -> list[tuple[str, str]]:
    config = inspection.config
    if config is None:
        return []
    scaling = f", stretched {config.rope_scaling.factor:g} times" if config.rope_scaling else ""
    head = "shared with the embeddings" if config.tied_embeddings else "of its own"
    return [
        ("layers", f"{config.layers}"),
        ("width", f"{config.dim:,}, feed-forward {config.ffn_dim:,}"),
        *_expert_rows(config.experts),
        *_attention_rows(config.llama4),
        ("heads", f"{config.heads}, {config.kv_heads} for keys and values, {config.head_dim} wide"),
        ("vocabulary", f"{config.vocab_size:,}, output head {head}"),
        ("context", f"{config.context:,} tokens, RoPE base {config.rope_theta:,.0f}{scaling}"),
    ]
