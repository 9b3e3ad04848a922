"""Types by bytes: a name neither makes nor hides one."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
import zlib
from pathlib import Path

import lz4.frame
import numpy as np
import pytest
import zstandard

from paddock.checkpoint.scan.identify import Kind, identify

SAFETENSORS = (2).to_bytes(8, "little") + b"{}"


def kind_of(folder: Path, content: bytes, name: str = "a") -> Kind:
    file = folder / name
    file.write_bytes(content)
    return identify(file, content[: 1 << 16], len(content), name)


def zip_of(names: list[str]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return raw.getvalue()


def tar_of(format: int) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=format) as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return raw.getvalue()


def npy() -> bytes:
    raw = io.BytesIO()
    np.save(raw, np.arange(3))
    return raw.getvalue()


TEXT = b"Once upon a time there was a model.\n" * 3
BY_BYTES = {
    "safetensors": (SAFETENSORS, Kind.SAFETENSORS),
    "gguf": (b"GGUF\3\0\0\0", Kind.GGUF),
    "npy": (npy(), Kind.NPY),
    **{f"pickle {p}": (pickle.dumps(print, protocol=p), Kind.PICKLE) for p in range(6)},
    "gzip": (gzip.compress(TEXT), Kind.GZIP),
    "zlib": (zlib.compress(TEXT), Kind.ZLIB),
    "bzip2": (bz2.compress(TEXT), Kind.BZIP2),
    "xz": (lzma.compress(TEXT), Kind.XZ),
    "lzma": (lzma.compress(TEXT, lzma.FORMAT_ALONE), Kind.XZ),
    "lz4": (lz4.frame.compress(TEXT), Kind.LZ4),
    "zstd": (zstandard.compress(TEXT), Kind.ZSTD),
    "zip": (zip_of(["a.txt"]), Kind.ZIP),
    "npz": (zip_of(["a.npy", "b.npy"]), Kind.NPZ),
    "torch": (zip_of(["m/data.pkl", "m/version"]), Kind.TORCH_ZIP),
    "torchscript": (zip_of(["m/data.pkl", "m/constants.pkl", "m/code/a.py"]), Kind.TORCHSCRIPT),
    "torch.package": (zip_of(["p/.data/extern_modules", "p/model.pkl"]), Kind.TORCHSCRIPT),
    "keras": (zip_of(["config.json", "metadata.json", "model.weights.h5"]), Kind.KERAS),
    "nemo": (zip_of(["model_config.yaml", "model_weights.ckpt"]), Kind.NEMO),
    "mar": (zip_of(["MAR-INF/MANIFEST.json", "handler.py"]), Kind.MAR),
    **{f"tar {f}": (tar_of(f), Kind.TAR) for f in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT)},
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(30), Kind.SEVEN_ZIP),
    "rar": (b"Rar!\x1a\x07\x01\x00", Kind.RAR),
    "elf": (b"\x7fELF\2\1\1" + bytes(60), Kind.EXECUTABLE),
    "windows": (b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0", Kind.EXECUTABLE),
    "mach-o": (b"\xcf\xfa\xed\xfe" + bytes(30), Kind.EXECUTABLE),
    "java": (b"\xca\xfe\xba\xbe\0\0\0\x41" + bytes(30), Kind.EXECUTABLE),
    "wasm": (b"\0asm\1\0\0\0", Kind.EXECUTABLE),
    "bytecode": (b"\xa7\x0d\r\n" + bytes(12) + b"\xe3", Kind.EXECUTABLE),
    "script": (b"#!/bin/sh\ntrue\n", Kind.SCRIPT),
    "python": (b"#!/usr/bin/env python3\nprint(1)\n", Kind.PYTHON),
    "python without a name": (b"import os\n\nprint(os.name)\n", Kind.PYTHON),
    "json": (b'{"a": 1}', Kind.JSON),
    "json lines": (b'{"a": 1}\n{"a": 2}\n', Kind.JSON_LINES),
    "notebook": (json.dumps({"cells": [{"cell_type": "code"}]}).encode(), Kind.NOTEBOOK),
    "template": (b"{% for m in messages %}{{ m.content }}{% endfor %}", Kind.JINJA),
    "html": (b"<!DOCTYPE html><html></html>", Kind.HTML),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', Kind.SVG),
    "tiktoken": (b"IQ== 0\nIg== 1\nIw== 2\n", Kind.TIKTOKEN),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", Kind.LFS_POINTER),
    "utf-16": ("\ufeffhello".encode("utf-16-le"), Kind.UTF16),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(90), Kind.HDF5),
    "hdf5 behind a block": (bytes(512) + b"\x89HDF\r\n\x1a\n" + bytes(90), Kind.HDF5),
    "onnx": (b"\x08\x08\x12\x02pt\x3a\x04\x12\x02ok", Kind.ONNX),
    "saved model": (b"\x08\x01\x12\x04\x12\x02ok", Kind.SAVED_MODEL),
    "tflite": (b"\x1c\0\0\0TFL3" + bytes(9), Kind.TFLITE),
    "png": (b"\x89PNG\r\n\x1a\n", Kind.IMAGE),
    "pdf": (b"%PDF-1.7\n%%EOF\n", Kind.PDF),
    "cab": (b"MSCF\0\0\0\0" + bytes(30), Kind.OTHER_ARCHIVE),
    "empty": (b"", Kind.EMPTY),
    "noise": (bytes(range(256)) * 4, Kind.UNKNOWN),
}


@pytest.mark.parametrize("what", BY_BYTES)
def test_the_bytes_tell_the_type_whatever_the_name(what: str, tmp_path: Path) -> None:
    content, kind = BY_BYTES[what]
    names = ("a", "model.bin") if what in ("template", "python without a name") else (
        "a", "model.bin", "config.json")  # fmt: skip
    assert [kind_of(tmp_path, content, name) for name in names] == [kind] * len(names)


def test_prose_that_begins_like_a_format_stays_prose(tmp_path: Path) -> None:
    for text in ("BZh is no archive", "MZ was a man", "ID3 tags", "cat\ndog\nRun.\n", "(tom)\n."):
        assert kind_of(tmp_path, text.encode() + b"\n" + TEXT) is Kind.TEXT


def test_a_header_whose_length_reads_as_another_format_is_still_safetensors(tmp_path: Path) -> None:
    for length in (0x0280, 0x8B1F, 0x5A4D):  # a pickle's, gzip's and a program's first bytes
        header = b'{"__metadata__":{}}'.ljust(length)
        content = length.to_bytes(8, "little") + header
        assert kind_of(tmp_path, content) is Kind.SAFETENSORS


def test_a_lock_file_of_toml_tables_is_no_json(tmp_path: Path) -> None:
    lock = b'[[package]]\nname = "numpy"\nversion = "2.1.0"\n\n[metadata]\n'
    assert kind_of(tmp_path, lock, "poetry.lock") is Kind.TEXT
    assert kind_of(tmp_path, b"[[1]]\n", "a.txt") is not Kind.TEXT


def test_a_text_with_binary_behind_its_first_pages_is_unknown(tmp_path: Path) -> None:
    content = TEXT * 2000 + b"\0\1\2"
    assert len(content) > 1 << 16
    assert kind_of(tmp_path, content, "notes.txt") is Kind.UNKNOWN


def test_real_files_are_what_they_are(shared_data: Path) -> None:
    expected = {
        "models/stories260K/stories260K.bin": Kind.LLAMA2C,
        "models/stories260K/tok512.bin": Kind.LLAMA2C_TOKENIZER,
        "models/stories260K/stories260K-f32.gguf": Kind.GGUF,
        "models/tiny-llama-float-hf/model.safetensors": Kind.SAFETENSORS,
        "models/tiny-llama-float-hf/chat_template.jinja": Kind.JINJA,
        "tokenizers/llama2/tokenizer.model": Kind.SENTENCEPIECE,
        "tokenizers/llama3/tokenizer.model": Kind.TIKTOKEN,
        "capability/HumanEval.jsonl.gz": Kind.GZIP,
        "pickle/data/pytorch_model.bin": Kind.TORCH_LEGACY,
        "pickle/data/not_a_pickle.bin": Kind.UNKNOWN,
        "safety/harmbench_val.csv": Kind.TEXT,
    }
    for name, kind in expected.items():
        file = shared_data / name
        with file.open("rb") as opened:
            head = opened.read(1 << 16)
        assert identify(file, head, file.stat().st_size) is kind, name
