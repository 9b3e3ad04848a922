"""Files of the example: cards, tables, small models, an image. Small, and believable to look at."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zlib

import pyarrow as pa
import pyarrow.parquet

from tests.checkpoint.samples import file_bytes, tensor

PEOPLE_CARD = """---
license: apache-2.0
language: [en, de]
pipeline_tag: text-generation
base_model: lighthouse/starter
base_model_relation: finetune
datasets: [ada/tales]
tags: [stories, small]
extra_gated_heading: Tell us who you are
extra_gated_prompt: The weights are for research. Read the *terms* of the card first.
extra_gated_fields:
  Organisation: text
  Country: country
  Use:
    type: select
    options: [Research, Teaching, {label: Something else, value: other}]
  I have read the terms: checkbox
extra_gated_button_content: Ask for access
---
# Storyteller

A small model that tells a story of a shop, a teapot and the people who come in. It was tuned on
[tales](/datasets/ada/tales) and continues what *you* begin.

## How it was made

1. The starter was trained for another 2,000 steps.
2. Its answers were read by three people.

| benchmark | starter | storyteller |
|---|---:|---:|
| tales, held out (nats) | 1.92 | 1.41 |
| questions answered | 61 % | 78 % |

> It repeats itself when it is asked for more than 200 words.

```python
from transformers import pipeline

tell = pipeline("text-generation", "lighthouse/storyteller")
print(tell("The teapot was"))
```

### Limits

- English, and some German
- no facts: it makes everything up
"""

DATASET_CARD = """---
license: cc-by-4.0
language: [en]
task_categories: [text-generation]
size_categories: [1K<n<10K]
pretty_name: Tales
configs:
- config_name: default
  data_files:
  - {split: train, path: data/train.parquet}
  - {split: test, path: data/test.csv}
---
# Tales

Two thousand short tales of one shop, with who tells them and how long they are.
"""

PYTHON = '''"""Counts the words of a tale."""

from collections import Counter


def count(tale: str) -> Counter[str]:
    """How often each word stands in it."""
    return Counter(word.strip(".,").lower() for word in tale.split())


if __name__ == "__main__":
    print(count("The teapot was blue. The shop was small.").most_common(3))
'''

_NOUNS = ("teapot", "lamp", "door", "clock", "cat", "letter")
_TELLERS = ("Ada", "Ben", "Carol", None)


def rows(count: int) -> list[dict[str, object]]:
    """Tales as rows of a table, some cells empty."""
    return [
        {
            "id": i,
            "title": f"The {_NOUNS[i % 6]} and the {_NOUNS[(i * 5 + 1) % 6]}",
            "teller": _TELLERS[i % 4],
            "words": 20 + (i * 37) % 180,
            "score": round(((i * 7919) % 1000) / 1000, 3),
            "checked": i % 3 == 0,
            "tale": f"Once there was a {_NOUNS[i % 6]}. " * (1 + i % 5),
        }
        for i in range(count)
    ]


def parquet(count: int) -> bytes:
    sink = io.BytesIO()
    pa.parquet.write_table(pa.Table.from_pylist(rows(count)), sink, row_group_size=500)
    return sink.getvalue()


def csv(count: int) -> bytes:
    lines = [f'{r["id"]},"{r["title"]}",{r["teller"] or ""},{r["words"]}' for r in rows(count)]
    return "\n".join(["id,title,teller,words", *lines, ""]).encode()


def jsonl(count: int) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows(count)).encode()


def weights() -> bytes:
    """A safetensors file of a small network."""
    shapes = {"embedding.weight": (64, 32), "output.weight": (64, 32), "norm.weight": (32,)}
    layers = {f"layers.{i}.{name}.weight": (32, 32) for i in range(4) for name in ("q", "k", "v")}
    return file_bytes([tensor(name, shape) for name, shape in {**shapes, **layers}.items()])


def unsafe_pickle() -> bytes:
    """A file that a scan does not like: loading it would print something."""

    class _Told:
        def __reduce__(self) -> object:
            return print, ("hello",)

    return pickle.dumps(_Told())


def png(width: int = 320, height: int = 120) -> bytes:
    """A picture of a gradient."""
    lines = b"".join(
        b"\0" + b"".join(bytes((x * 255 // width, y * 255 // height, 128)) for x in range(width))
        for y in range(height)
    )

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(lines))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")
