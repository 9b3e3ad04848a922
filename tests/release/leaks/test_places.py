"""Wherever a withheld thing hides: in any format, in archives, in texts, in a history."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dulwich.objects import Blob
from dulwich.pack import write_pack
from dulwich.repo import Repo
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import quantize

from tests.release.leaks.releases import (
    Array,
    checked,
    noise,
    packed,
    secret,
    statuses,
    write,
    zipped,
)

W = secret()
COPY = (W * 3).astype(np.float16)
LEAK = {"withholding.leak:weights.1": "unmet"}


def gguf(folder: Path, type_: str | None, metadata: bool = False) -> bytes:
    path = folder / "made.gguf"
    writer = GGUFWriter(path, "llama")
    if metadata:
        writer.add_array("notes.values", [float(x) for x in (2 * W).reshape(-1)[:2048]])
    array = noise(3) if metadata else W
    if type_ is None:
        writer.add_tensor("blk.0.x", array)
    else:
        kind = GGMLQuantizationType[type_]
        writer.add_tensor("blk.0.x", quantize(array, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def tarred(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def saved(array: Array) -> bytes:
    target = io.BytesIO()
    np.save(target, array)
    return target.getvalue()


def torch_file(array: Array) -> bytes:
    torch = pytest.importorskip("torch")
    target = io.BytesIO()
    torch.save({"model": {"x": torch.from_numpy(array)}, "step": 3}, target)
    return target.getvalue()


SAFE = packed({"x": COPY})
TEXT = base64.b64encode(SAFE)
PLACES: dict[str, Callable[[Path], dict[str, bytes]]] = {
    "gguf": lambda folder: {"model.gguf": gguf(folder, None)},
    "gguf Q4_0": lambda folder: {"model.gguf": gguf(folder, "Q4_0")},
    "gguf Q5_1": lambda folder: {"model.gguf": gguf(folder, "Q5_1")},
    "gguf metadata": lambda folder: {"model.gguf": gguf(folder, None, metadata=True)},
    "torch": lambda folder: {"adapter.pt": torch_file(COPY)},
    "npy": lambda folder: {"x.npy": saved(np.asfortranarray(COPY))},
    "npz": lambda folder: {"x.npz": zipped({"x.npy": saved(COPY)})},
    "zip": lambda folder: {"notes.zip": zipped({"a/b.bin": SAFE})},
    "zip in tar in gzip": lambda folder: {
        "x.tgz": gzip.compress(tarred({"inner.zip": zipped({"b": SAFE})}))
    },
    "base64 in JSON": lambda folder: {"x.json": json.dumps({"a": TEXT.decode()}).encode()},
    "base64 in lines": lambda folder: {"x.md": b"# x\n" + base64.encodebytes(SAFE)},
    "hex": lambda folder: {"x.txt": SAFE.hex().encode()},
    "gzip in base64": lambda folder: {"x.txt": base64.b64encode(gzip.compress(SAFE))},
    "safetensors metadata": lambda folder: {"x.safetensors": _with_metadata(TEXT.decode())},
    "numbers in JSON": lambda folder: {"x.json": json.dumps({"w": COPY.tolist()}).encode()},
    "numbers in a table": lambda folder: {
        "x.csv": "\n".join(",".join(f"{v:.3f}" for v in row) for row in COPY).encode()
    },
    "bytes behind a picture": lambda folder: {"x.png": b"\x89PNG\r\n\x1a\n" + COPY.tobytes()},
    "another type": lambda folder: {"x.safetensors": packed({"x": COPY.reshape(-1).view("u1")})},
    "big-endian bytes": lambda folder: {"x.dat": W.astype(">f4").tobytes()},
    "trailing bytes": lambda folder: {"x.safetensors": packed({"y": noise(5)}) + COPY.tobytes()},
}


def _with_metadata(text: str) -> bytes:
    from safetensors.numpy import save

    return bytes(save({"y": noise(5)}, {"note": text}))


@pytest.mark.parametrize("name", PLACES)
def test_it_is_found_in(name: str, tmp_path: Path) -> None:
    files = PLACES[name](tmp_path)
    report = checked(tmp_path, files)
    assert statuses(report).items() >= LEAK.items(), report.unread
    assert {finding.path.partition("!")[0] for finding in report.findings} == set(files)


def test_it_is_found_in_the_history_of_an_older_revision(tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    Repo.init(str(loose)).object_store.add_object(Blob.from_string(SAFE))
    report = checked(tmp_path, {}, older=[loose])
    assert statuses(report) == LEAK
    assert report.findings[0].path.startswith("older/1/.git/objects/")


def test_it_is_found_in_a_pack(tmp_path: Path) -> None:
    from dulwich.object_format import DEFAULT_OBJECT_FORMAT

    older = tmp_path / "older" / ".git" / "objects" / "pack"
    older.mkdir(parents=True)
    blobs = [(Blob.from_string(SAFE), None), (Blob.from_string(b"x" * 900), None)]
    write_pack(str(older / "pack-1"), blobs, DEFAULT_OBJECT_FORMAT)
    report = checked(tmp_path, {}, older=[tmp_path / "older"])
    assert report.findings[0].path.startswith("older/1/.git/objects/pack/pack-1.pack!")


def test_what_cannot_be_looked_into_is_undecided(tmp_path: Path) -> None:
    draw = np.random.Generator(np.random.PCG64(1))
    locked = bytearray(zipped({"a.bin": b"x" * 100}))
    locked[6] |= 1  # encrypted, says the local header
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    files = {
        "noise.bin": draw.integers(0, 256, 5000, np.uint8).tobytes(),
        "locked.zip": bytes(locked),
        "x.7z": b"7z\xbc\xaf\x27\x1c" + bytes(300),
        "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64
        + b"\nsize 12345\n",
        "odd.txt": base64.b85encode(draw.integers(0, 256, 9000, np.uint8).tobytes()),
    }  # fmt: skip
    found = statuses(checked(tmp_path, files))
    undecided = {f"withholding.leak.unread:{name}": "undecided" for name in files}
    assert found == undecided | {"withholding.leak:weights.1": "met"}


def test_ordinary_files_are_read_and_clean(tmp_path: Path) -> None:
    files = {
        "README.md": b"# A model\n\n" + b"It says what it is trained to say. " * 200,
        "tokenizer.json": json.dumps(
            {"model": {"vocab": {f"t{i}": i for i in range(5000)}}}
        ).encode(),
        "data.jsonl": b"".join(b'{"text": "row %d", "n": %d}\n' % (i, i * i) for i in range(3000)),
        "release.oms.json": json.dumps(
            {"sig": base64.b64encode(bytes(range(96))).decode()}
        ).encode(),
        "notes.zip": zipped({"a.txt": b"nothing here " * 50}),
        "model.safetensors": packed(
            {"a": noise(5), "norm": noise(6, (128,)), "ids": np.arange(9000)}
        ),
    }
    report = checked(tmp_path, files)
    assert report.is_clean, (report.findings, report.unread)
    assert report.coverage.files == 7
    assert report.coverage.members >= 1


def test_the_state_of_an_optimizer_is_told_by_its_name(tmp_path: Path) -> None:
    state = packed({"exp_avg.secret": noise(8)})
    report = checked(tmp_path, {"optimizer.safetensors": state})
    assert statuses(report) == LEAK


def test_a_release_that_cannot_be_compared_is_undecided(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    report = checked(tmp_path, {"a.txt": b"x"})
    assert not report.is_clean
    assert {check.status for check in report.checks} == {"met", "undecided"}


def test_a_deep_nest_is_undecided(tmp_path: Path) -> None:
    content = SAFE
    for _ in range(9):
        content = zipped({"x.zip": content})
    report = checked(tmp_path, {"x.zip": content})
    assert not report.is_clean
    with zipfile.ZipFile(write(tmp_path / "again", {"x.zip": content}) / "x.zip") as again:
        assert again.namelist() == ["x.zip"]
