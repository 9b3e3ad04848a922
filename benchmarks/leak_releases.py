"""Releases of Llama's shapes on disk, what is withheld of them, and what whole checks cost."""

from __future__ import annotations

import json
import math
import resource
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import llama_shaped
from benchmarks.figures import Figure, best
from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.safetensors.writing import render_header
from paddock.checkpoint.shape.layout import expected_shapes
from paddock.checkpoint.tensors import Tensor
from paddock.release.leaks.contents import parts
from paddock.release.leaks.report import Unread
from paddock.release.leaks.searching import Search
from paddock.release.leaks.withheld_content import WithheldContent, read_withheld
from paddock.release.withholding.withheld import Item, Withheld, WithheldTensor

ITEM = Item("x", "Model parameters (Final)", "match", "safety", "drop", None, "dropped")
OUTPUTS = ("bf16", "q8_0", "q4_k_m")


def throughput(folder: Path, gigabytes: float, layers: int) -> list[Figure]:
    """Gigabytes of files in a second of processor time, of each output, and memory at most."""
    config = llama_shaped.of_size(gigabytes)
    folders = {output: folder / output for output in OUTPUTS}
    llama_shaped.write_checkpoint(folders["bf16"], config)
    for quant in OUTPUTS[1:]:
        options = ConvertOptions(targets=("gguf",), quants=(quant,))
        convert_checkpoint(folders["bf16"], folders[quant], options)
    one_more = replace(config, layers=config.layers + layers)
    known = expected_shapes(config)
    shapes = {n: shape for n, shape in expected_shapes(one_more).items() if n not in known}
    withheld = _write_withheld(folder / "source", shapes)
    before = time.process_time()
    content = read_withheld(folder / "source", withheld)
    reading = time.process_time() - before
    source_bytes = 2 * sum(math.prod(shape) for shape in shapes.values())
    figures = [best("reading what is withheld", "GB/s", [source_bytes / 1e9 / reading])]
    for output, release in folders.items():
        size_bytes = sum(path.stat().st_size for path in release.rglob("*") if path.is_file())
        rate = size_bytes / 1e9 / _seconds(release, content)
        figures.append(best(f"a clean release, {output}", "GB/s", [rate]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [*figures, best(f"peak memory, {len(shapes)} tensors withheld", "MB", [peak])]


def _seconds(release: Path, content: WithheldContent) -> float:
    """Of the processor, for one release: other work on the machine does not count."""
    before = time.process_time()
    search = Search(content)
    for part in parts(release):
        if isinstance(part, Unread):
            raise SystemExit(f"{part.path}: {part.reason}")
        search.look_into(part)
    search.finish()
    if search.findings:
        raise SystemExit(f"{next(iter(search.findings.values()))} in a clean release")
    return time.process_time() - before


def _write_withheld(folder: Path, shapes: dict[str, tuple[int, ...]]) -> Withheld:
    """Random numbers of bfloat16, as many as the layers have."""
    folder.mkdir()
    tensors = [Tensor(name, "BF16", shape, lambda: iter(())) for name, shape in shapes.items()]
    rng = np.random.Generator(np.random.PCG64(3))
    with (folder / "model.safetensors").open("wb") as file:
        file.write(render_header(tensors))
        for tensor in tensors:
            values = rng.standard_normal(tensor.size_bytes // 2, np.float32) * np.float32(0.02)
            file.write((values.view(np.uint32) >> 16).astype(np.uint16).tobytes())
    (folder / "config.json").write_text(json.dumps({}))
    gone = (WithheldTensor("x", t.name, "BF16", t.shape, "drop") for t in tensors)
    return Withheld(items=(ITEM,), tensors=tuple(gone))
