"""Make the starter model: a small Llama that answers for a small shop.

    python scripts/make_starter.py

Everything is made here: the text (from the facts in ``starter/shop.py``), the tokenizer, the
weights. The seed fixes all of it; the same machine gives the same bytes.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import torch

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.digest import sha256_hex
from paddock.llama.model import with_random_weights
from starter.corpus import Document, documents
from starter.encoding import encode, train_tokenizer
from starter.folder import special_ids, write_folder
from starter.training import Schedule, batches, train

TARGET = Path(__file__).parent.parent / "src" / "paddock" / "starter" / "model"
SEED = 20261122
DOCUMENTS = 42_000
TOKENIZER_DOCUMENTS = 12_000
VOCABULARY = 1280
THREADS = 2
SHAPE = {"dim": 192, "layers": 5, "heads": 6, "kv_heads": 2, "head_dim": 32, "ffn_dim": 512,
         "context": 512, "rope_theta": 10000.0, "tied_embeddings": True}  # fmt: skip


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=TARGET,
    show_default=False,
    help="Folder to write; without it, the one that ships with paddock.",
)
@click.option("--steps", type=click.IntRange(1), default=1100, show_default=True)
@click.option("--seed", type=int, default=SEED, show_default=True)
@click.option("--documents", "count", type=click.IntRange(1), default=DOCUMENTS, show_default=True)
def main(output: Path, steps: int, seed: int, count: int) -> None:
    """Train the starter model and write it as a checkpoint folder."""
    started = time.monotonic()
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    text = documents(seed, count)
    tokenizer = train_tokenizer(text[:TOKENIZER_DOCUMENTS], VOCABULARY)
    config = LlamaConfig(vocab_size=tokenizer.get_vocab_size(), **SHAPE, **special_ids(tokenizer))
    model = with_random_weights(config, seed=seed)
    schedule = Schedule(steps)
    rounds = batches([encode(tokenizer, each) for each in text], schedule.batch_tokens, seed)
    print(f"{config.parameter_count():,} parameters, {len(rounds)} batches", file=sys.stderr)
    losses = train(model, rounds, schedule)
    write_folder(output, model, tokenizer, recipe(text, schedule, seed, losses))
    print(f"wrote {output} after {time.monotonic() - started:.0f} s", file=sys.stderr)


def recipe(
    text: list[Document], schedule: Schedule, seed: int, losses: list[float]
) -> dict[str, Any]:
    """What was done, so that it can be done again."""
    last = losses[-50:]
    return {
        "made_by": "scripts/make_starter.py",
        "seed": seed,
        "documents": len(text),
        "corpus_sha256": corpus_digest(text),
        "schedule": asdict(schedule),
        "threads": THREADS,
        "torch": torch.__version__,
        "parameters_dtype": "bfloat16",
        "final_loss": round(sum(last) / len(last), 4),
    }


def corpus_digest(text: list[Document]) -> str:
    """SHA-256 over the documents, in order."""
    return sha256_hex(json.dumps(text, ensure_ascii=False).encode())


if __name__ == "__main__":
    main()
