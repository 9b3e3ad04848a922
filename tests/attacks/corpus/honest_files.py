"""Files that honest people share, made by the libraries that they use. None may be refused."""

from __future__ import annotations

import csv
import gzip
import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import safetensors.numpy
import torch

from tests.attacks.corpus.case import Expected, Tree
from tests.attacks.corpus.gguf_bytes import STRING, llama_file, pair
from tests.attacks.corpus.other_formats import notebook
from tests.attacks.corpus.templates import LOOP, PLAIN
from tests.attacks.corpus.tokenizers_files import tokenizer

A, C, W = Expected.ACCEPT, Expected.CONVERT, Expected.WARN


class Honest(NamedTuple):
    """A name, what a scan says of it, and its files."""

    name: str
    expected: Expected
    tree: Callable[[], Tree]


def torch_file(**options: object) -> bytes:
    """A state_dict with the types that checkpoints use."""
    generator = torch.Generator().manual_seed(7)
    weights = torch.randn(8, 8, generator=generator)
    state = {
        "model.embed.weight": weights,
        "model.half": weights.half(),
        "model.bfloat": weights.bfloat16(),
        "model.ids": torch.arange(5),
        "model.transposed": weights.T,
        "model.mask": torch.ones(3, dtype=torch.bool),
        "model.parameter": torch.nn.Parameter(weights.clone()),
    }
    buffer = io.BytesIO()
    torch.save(state, buffer, **options)
    return buffer.getvalue()


def training_checkpoint() -> bytes:
    """Model, optimizer, schedule and counters, as a training loop saves them."""
    model = torch.nn.Linear(4, 4)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": 7, "loss": 0.5,
             "rng": torch.get_rng_state(), "betas": (0.9, 0.95), "name": "run"}  # fmt: skip
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def arrays(save: Callable[..., object]) -> bytes:
    buffer = io.BytesIO()
    save(buffer, a=np.arange(12, dtype=np.float32).reshape(3, 4), b=np.array(["x", "yz"]))
    return buffer.getvalue()


def array(value: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, value)
    return buffer.getvalue()


def safetensors_with_header(length: int) -> bytes:
    """A file whose header has exactly this many bytes, so that its first bytes say anything."""
    tensors = {"w": np.arange(4, dtype=np.float32)}
    raw = safetensors.numpy.save(tensors, {"format": "pt"})
    header = raw[8 : 8 + int.from_bytes(raw[:8], "little")].rstrip(b" ")
    note = b"n" * (length - len(header) - len(b',"note":""'))
    header = header.replace(b'"format":"pt"', b'"format":"pt","note":"' + note + b'"')
    return len(header).to_bytes(8, "little") + header + raw[-16:]


def png() -> bytes:
    """A picture of four grey points."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\x10\x20\0\x30\x40")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def pdf() -> bytes:
    """One empty page."""
    objects = (b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 72] >>")  # fmt: skip
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(body)
    return body + b"xref\n0 4\n0000000000 65535 f \n" + table + (
        b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    )  # fmt: skip


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["a", "b"], "label": [0, 1]}), sink)
    return sink.getvalue()


def rows() -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([("text", "label"), ("good, cheap", 1), ("=bad", 0)])
    return out.getvalue().encode()


def packed(kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("notes.txt", "some words\n" * 20)
            archive.writestr("rows.csv", rows())
    else:
        with tarfile.open(fileobj=buffer, mode=kind) as tar:
            member = tarfile.TarInfo("notes/a.txt")
            member.size = 6
            tar.addfile(member, io.BytesIO(b"words\n"))
    return buffer.getvalue()


CARD = b"""---
license: apache-2.0
language: [en]
base_model: acme/base
tags: [chat]
---
# A model

Some *words*, a [link](https://example.org/paper), a table and code:

| a | b |
|---|---|
| 1 | 2 |

```python
import os
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained("acme/model")
print(os.listdir("."))
```

```html
<script>console.log("shown, not run")</script>
```

Write to contact@acme.example. <b>Bold</b> and <br> and <img src="figure.png" alt="a figure">.
"""
TOOL_TEMPLATE = LOOP.format(
    "{%- if m['role'] == 'tool' -%}<tool>{{ m['content'] | tojson }}</tool>"
    "{%- elif m.tool_calls is defined and m.tool_calls -%}{% for c in m.tool_calls %}"
    "{{ c.function.name }}({{ c.function.arguments | tojson }}){% endfor %}"
    "{%- else -%}{{ m['content'] | trim }}{%- endif -%}"
)
CONFIG = {"model_type": "llama", "hidden_size": 64, "eos_token_id": [1, 2], "torch_dtype": "bfloat16",
          "architectures": ["LlamaForCausalLM"], "_name_or_path": "acme/base"}  # fmt: skip


def one(name: str, expected: Expected, content: Callable[[], bytes]) -> Honest:
    return Honest(name, expected, lambda: {name: content()})


def honest_files() -> Iterator[Honest]:
    """Every honest case that is made here, with the verdict that it gets.

    W: the type is known and harmless, and its content was not looked at.
    """
    yield one("pytorch_model.bin", C, torch_file)
    yield one("model.pt", C, lambda: torch_file(_use_new_zipfile_serialization=False))
    yield one("protocol4.pth", C, lambda: torch_file(pickle_protocol=4))
    yield one("checkpoint.ckpt", C, training_checkpoint)
    yield one("array.npy", A, lambda: array(np.zeros((3, 4), np.float16)))
    yield one("words.npy", W, lambda: array(np.array(["a", "bc"])))
    yield one("table.npy", W, lambda: array(np.zeros(3, [("a", "<f4"), ("b", "<i8")])))
    yield one("arrays.npz", W, lambda: arrays(np.savez))
    yield one("packed.npz", W, lambda: arrays(np.savez_compressed))
    tensors = {"w": np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8)}
    yield one("model.safetensors", A, lambda: safetensors.numpy.save(tensors, {"format": "pt"}))
    # Lengths whose bytes are those of a pickle, gzip, a program of Windows, MP3, and zlib.
    for length in (0x0280, 0x0480, 35_615, 23_117, 64_511, 0x9C78):
        yield one(f"header-{length}.safetensors", A, lambda n=length: safetensors_with_header(n))
    yield one("model.gguf", A, lambda: llama_file([pair("tokenizer.chat_template", STRING, PLAIN)]))
    yield one("tokenizer.json", A, lambda: json.dumps(tokenizer()).encode())
    yield one("chat_template.jinja", A, TOOL_TEMPLATE.encode)
    yield one("config.json", A, lambda: json.dumps(CONFIG, indent=2).encode())
    yield one("generation_config.json", A, lambda: b'{"eos_token_id": 2, "temperature": 0.6}')
    yield one("README.md", A, lambda: CARD)
    yield one("notes.txt", A, lambda: "Größe: 5 µm, naïve, 日本語, 🙂\r\n".encode())
    yield one("rows.csv", A, rows)
    yield one("rows.jsonl", A, lambda: b'{"a": 1}\n{"a": 2}\n')
    yield one("rows.jsonl.gz", A, lambda: gzip.compress(b'{"a": 1}\n' * 9, mtime=0))
    yield one("train.parquet", W, parquet)
    yield one("recipe.yaml", A, lambda: b"model: acme/base\nlr: 1.0e-4\nsteps: [1, 2]\n")
    yield one("requirements.txt", A, lambda: b"torch>=2.1\ntransformers==4.44.0  # pinned\n")
    yield one("use.ipynb", A, lambda: notebook([]))
    yield one("figure.png", A, png)
    yield one("paper.pdf", A, pdf)
    plain = '<svg xmlns="http://www.w3.org/2000/svg"><circle cx="5" cy="5" r="4"/></svg>'
    yield one("logo.svg", A, plain.encode)
    yield one("notes.zip", A, lambda: packed("zip"))
    yield one("notes.tar", A, lambda: packed("w"))
    yield one("notes.tar.gz", A, lambda: packed("w:gz"))
    yield one(
        "LICENSE",
        A,
        lambda: b"MIT License\n\nCopyright (c) 2026 Acme\n\nPermission is hereby granted, free\n",
    )
    yield one(".gitattributes", A, lambda: b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n")
    yield one("empty.txt", A, lambda: b"")
    part = (
        b'[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]'
    )
    yield one("modules.json", A, lambda: part)
    yield one("merges.txt", A, lambda: b"#version: 0.2\nt h\nth e\n")
    folder = {"config.json": json.dumps(CONFIG | {"bos_token_id": 0, "eos_token_id": 1}).encode(),
              "tokenizer.json": json.dumps(tokenizer()).encode(), "chat_template.jinja": PLAIN.encode(),
              "tokenizer_config.json": json.dumps({"eos_token": "</s>", "bos_token": "<s>"}).encode(),
              "README.md": CARD}  # fmt: skip
    yield Honest("a whole folder", A, lambda: folder)
