"""Every reader of a checkpoint's files, and what it is given.

A reader gets bytes and a folder to lay them in. It may return, or refuse with a ``BadCheckpoint``;
anything else is a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from fuzz import samples, text_samples
from paddock.checkpoint.errors import BadCheckpoint, BadConfig
from paddock.checkpoint.gguf.checkpoint import read_gguf_checkpoint
from paddock.checkpoint.inspection import inspect_checkpoint
from paddock.checkpoint.llama2c.reading import read_llama2c
from paddock.checkpoint.meta.params import WeightFacts, parse_params
from paddock.checkpoint.numpy_files.npy import read_npy
from paddock.checkpoint.numpy_files.npz import read_npz
from paddock.checkpoint.pytorch.pickle_survey import survey
from paddock.checkpoint.pytorch.reading import read_torch_file
from paddock.checkpoint.safetensors.hf_folder import INDEX, read_tensors
from paddock.checkpoint.safetensors.reading import open_tensors
from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.report import Verdict
from paddock.checkpoint.scan.scanning import scan_entries
from paddock.checkpoint.shape.config import parse_hf_config
from paddock.checkpoint.strict_json import load_object
from paddock.checkpoint.tensors import Tensor
from paddock.checkpoint.tokenizer.files import TokenizerFile, TokenizerKind, load_tokenizer

Read = Callable[[bytes, Path], object]


@dataclass(frozen=True, slots=True)
class Target:
    """A reader, valid inputs, and how to pack a changed part so that its checksums are right."""

    read: Read
    samples: Callable[[], list[bytes]]
    pack: Callable[[bytes], bytes] | None = None  # of every second input


def is_accepted(target: Target, content: bytes, folder: Path) -> bool:
    """Whether the reader took it; False when it refused in words, other errors leave."""
    try:
        target.read(content, folder)
    except BadCheckpoint as e:
        if not (e.reason and e.message and e.message.isprintable()):
            raise AssertionError(f"a refusal without words: {e!r}") from e
        return False
    return True


def _drained(tensors: Iterable[Tensor]) -> None:
    for tensor in tensors:
        size_bytes = sum(memoryview(piece).nbytes for piece in tensor.pieces())
        if size_bytes != tensor.size_bytes:
            raise AssertionError(f"{tensor.name!r} gave {size_bytes} of {tensor.size_bytes} bytes")


def _file(name: str, read: Callable[[Path], object]) -> Read:
    """A reader of a file with this name."""

    def read_content(content: bytes, folder: Path) -> object:
        (folder / name).write_bytes(content)
        return read(folder / name)

    return read_content


def _tokenizer(kind: TokenizerKind, name: str) -> Read:
    return _file(name, lambda path: load_tokenizer(TokenizerFile(path, kind)))


def _read_index(content: bytes, folder: Path) -> object:
    for number, name in enumerate("ab"):
        shard = folder / f"model-0000{number + 1}-of-00002.safetensors"
        if not shard.exists():
            raw = b'{"%c":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}'
            sizes = (ord(name), 2 + number, 2 + number)
            header = raw % sizes
            shard.write_bytes(len(header).to_bytes(8, "little") + header + bytes(2 + number))
    (folder / INDEX).write_bytes(content)
    return read_tensors(folder)


def _read_names(content: bytes, folder: Path) -> object:
    (folder / "tokenizer_config.json").write_bytes(content)
    (folder / "tokenizer.json").write_bytes(text_samples.tokenizer_json()[0])
    return load_tokenizer(TokenizerFile(folder / "tokenizer.json", TokenizerKind.HUGGING_FACE))


def _read_params(path: Path) -> object:
    facts = WeightFacts(vocab_size=3, ffn_dim=12, tied_embeddings=False, dtype="float32")
    return parse_params(load_object(path, BadConfig), facts)


def _scan(content: bytes, folder: Path) -> None:
    """A scan must end as it should, whatever it finds."""
    (folder / "x.bin").write_bytes(content)
    report = scan_entries([Entry("x.bin", folder / "x.bin")])
    for reason in report.reasons:
        if reason.code == "unfinished":
            raise AssertionError(reason.message)
    if report.verdict is Verdict.REJECT:
        raise BadCheckpoint("reject", "the scan rejects it")


def _everything() -> list[bytes]:
    archives = [samples.torch_zip(pickle) for pickle in samples.torch_pickles()]
    return [
        *samples.gguf(), *archives, *samples.torch_legacy(), *samples.npy(), *samples.npz(),
        *samples.llama2c(),
    ]  # fmt: skip


TARGETS: dict[str, Target] = {
    "safetensors": Target(
        _file("x.safetensors", lambda path: _drained(open_tensors(path))), samples.safetensors
    ),
    "gguf": Target(
        _file("x.gguf", lambda path: _drained(read_gguf_checkpoint(path)[1])), samples.gguf
    ),
    "gguf_tokenizer": Target(_tokenizer(TokenizerKind.GGUF, "x.gguf"), samples.gguf),
    "torch_zip": Target(
        _file("x.pt", lambda path: _drained(read_torch_file(path).tensors)),
        samples.torch_pickles,
        samples.torch_zip,
    ),
    "torch_legacy": Target(
        _file("x.pt", lambda path: _drained(read_torch_file(path).tensors)), samples.torch_legacy
    ),
    "pickle": Target(lambda content, _: survey(content, "x"), samples.any_pickles),
    "llama2c": Target(
        _file("x.bin", lambda path: _drained(read_llama2c(path)[1])), samples.llama2c
    ),
    "npy": Target(_file("x.npy", lambda path: _drained([read_npy(path)])), samples.npy),
    "npz": Target(_file("x.npz", lambda path: _drained(read_npz(path))), samples.npz),
    "npz_member": Target(
        _file("x.npz", lambda path: _drained(read_npz(path))), samples.npy, samples.npz_of
    ),
    "scan": Target(_scan, lambda: [*_everything(), *samples.any_pickles()[:6]]),
    "any_file": Target(_file("x.bin", inspect_checkpoint), _everything),
    "sentencepiece": Target(
        _tokenizer(TokenizerKind.SENTENCEPIECE, "tokenizer.model"), text_samples.sentencepiece
    ),
    "tiktoken": Target(
        _tokenizer(TokenizerKind.TIKTOKEN, "tokenizer.model"), text_samples.tiktoken
    ),
    "llama2c_tokenizer": Target(
        _tokenizer(TokenizerKind.LLAMA2C, "tok.bin"), text_samples.llama2c_tokenizer
    ),
    "tokenizer_json": Target(
        _tokenizer(TokenizerKind.HUGGING_FACE, "tokenizer.json"), text_samples.tokenizer_json
    ),
    "tokenizer_config": Target(_read_names, text_samples.tokenizer_config),
    "config": Target(
        _file("config.json", lambda path: parse_hf_config(load_object(path, BadConfig))),
        text_samples.config_json,
    ),
    "params": Target(_file("params.json", _read_params), text_samples.params_json),
    "index": Target(_read_index, text_samples.index_json),
}
