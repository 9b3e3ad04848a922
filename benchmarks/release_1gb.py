"""A release of a one-gigabyte checkpoint, against reading and hashing it once.

    python -m benchmarks.release_1gb [--layers N] [--rounds N]

The limit is one pass over the same files, SHA-256 and BLAKE3 of every byte, by one thread with
nothing written; ``cp`` then ``sync`` is what a second copy on the medium costs by itself. ``build``
makes the signed folder, which is such a copy; ``publish`` builds and uploads it too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer

from benchmarks.figures import Figure, best, compared, run
from benchmarks.servers import paddock_up
from paddock.digest import digest_stream

HIDDEN, INTERMEDIATE, HEADS = 1536, 4096, 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=16, help="16 make 1.1 GB")
    parser.add_argument("--vocabulary", type=int, default=32_000)
    parser.add_argument("--rounds", type=int, default=3)
    run("A release (ratio 1 is the read-and-hash limit)", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    size_bytes = write_checkpoint(folder / "checkpoint", options.layers, options.vocabulary)
    per_second = size_bytes / 1e9
    rounds = range(options.rounds)
    copied = best("cp, synced", "GB/s", [per_second / copy_seconds(folder) for _ in rounds])
    limit = best("read and hash", "GB/s", [per_second / hash_seconds(folder) for _ in rounds])
    with paddock_up(folder / "hub") as hub:
        environ = {
            **os.environ,
            "HF_HOME": str(folder / "hf"),
            "HF_TOKEN": hub.token,
            "HF_ENDPOINT": hub.url,
            "PADDOCK_CONFIG_HOME": str(folder / "config"),
        }
        built = [per_second / release(folder, "build", n, environ) for n in rounds]
        published = [per_second / release(folder, "publish", n, environ) for n in rounds]
    return [
        limit,
        compared(copied, limit),
        compared(best("release build", "GB/s", built), limit),
        compared(best("release publish", "GB/s", published), limit),
    ]


def release(folder: Path, verb: str, number: int, environ: dict[str, str]) -> float:
    """Seconds of one command, Python's start included."""
    source = folder / f"source-{verb}-{number}"
    shutil.copytree(folder / "checkpoint", source)
    command = [sys.executable, "-m", "paddock", "release", verb, source]
    target = ["--to", f"admin/{verb}{number}", "-o", folder / f"out-{verb}-{number}"]
    started = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*command, *target], env=environ, check=True, **quiet)
    seconds = time.perf_counter() - started
    shutil.rmtree(source)
    shutil.rmtree(folder / f"out-{verb}-{number}")
    return seconds


def copy_seconds(folder: Path) -> float:
    """What any tool needs that leaves a second copy on the medium."""
    started = time.perf_counter()
    subprocess.run(["cp", "-r", folder / "checkpoint", folder / "copy"], check=True)
    subprocess.run(["sync", "-f", folder / "copy"], check=True)
    seconds = time.perf_counter() - started
    shutil.rmtree(folder / "copy")
    return seconds


def hash_seconds(folder: Path) -> float:
    started = time.perf_counter()
    digest_stream(_pieces(folder / "checkpoint"))
    return time.perf_counter() - started


def _pieces(folder: Path) -> Iterator[bytes]:
    for path in folder.iterdir():
        with path.open("rb", buffering=0) as file:
            while piece := file.read(1 << 20):
                yield piece


def write_checkpoint(folder: Path, layers: int, vocabulary: int) -> int:
    """A Llama in Hugging Face layout with noise for weights; gives the size of the weights."""
    folder.mkdir()
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE,
        "num_hidden_layers": layers,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "vocab_size": vocabulary,
        "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
    }
    (folder / "config.json").write_text(json.dumps(config))
    write_tokenizer(folder)
    header, end = {}, 0
    for name, shape in shapes(layers, vocabulary).items():
        start, end = end, end + 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [start, end]}
    packed = json.dumps(header).encode()
    packed += b" " * (-len(packed) % 8)
    noise = np.random.default_rng(0)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(packed).to_bytes(8, "little") + packed)
        for start in range(0, end, 1 << 24):
            count = min(1 << 24, end - start) // 2
            # Without the exponent's highest bit: any sign, below 2, never NaN or infinite.
            file.write((noise.integers(0, 1 << 16, count, np.uint16) & 0xBFFF).tobytes())
    return end


def write_tokenizer(folder: Path) -> None:
    """Bytes and nothing else."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevelDecoder()
    special = ["<s>", "</s>"]
    trainer = BpeTrainer(
        special_tokens=special, initial_alphabet=ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(["the quick brown fox"], trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    named = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(named))


def shapes(layers: int, vocabulary: int) -> dict[str, list[int]]:
    """Every tensor of the model."""
    square, up, down = [HIDDEN, HIDDEN], [INTERMEDIATE, HIDDEN], [HIDDEN, INTERMEDIATE]
    found = {"model.embed_tokens.weight": [vocabulary, HIDDEN]}
    for layer in range(layers):
        prefix = f"model.layers.{layer}"
        for part in "qkvo":
            found[f"{prefix}.self_attn.{part}_proj.weight"] = square
        found[f"{prefix}.mlp.gate_proj.weight"] = found[f"{prefix}.mlp.up_proj.weight"] = up
        found[f"{prefix}.mlp.down_proj.weight"] = down
        for norm in ("input_layernorm", "post_attention_layernorm"):
            found[f"{prefix}.{norm}.weight"] = [HIDDEN]
    return {**found, "model.norm.weight": [HIDDEN], "lm_head.weight": [vocabulary, HIDDEN]}


if __name__ == "__main__":
    main()
