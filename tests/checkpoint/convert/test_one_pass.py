"""The source is read once, in the order of its bytes, and hashed on the way: every byte of it."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import blake3
import pytest
import torch

from paddock.checkpoint.convert.convert import Conversion, WrittenFile, convert_checkpoint
from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.errors import BadCheckpoint, BadElements
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.tensors import PIECE_BYTES, Tensor
from tests.checkpoint.convert.outcomes import WIDE, weights_of
from tests.checkpoint.meta.test_folder import write_meta
from tests.checkpoint.samples import TINY, model_tensors, write_hf_folder

EVERYTHING = ConvertOptions(("safetensors", "gguf", "meta"), quants=("q8_0", "q4_0"))


def assert_digests(files: tuple[WrittenFile, ...], folder: Path) -> None:
    for file in files:
        content = (folder / file.name).read_bytes()
        assert file.digests.size_bytes == len(content), file.name
        assert file.digests.sha256 == hashlib.sha256(content).hexdigest(), file.name
        assert file.digests.blake3 == blake3.blake3(content).hexdigest(), file.name


def converted(source: Path, destination: Path, options: ConvertOptions | None = None) -> Conversion:
    """Convert, and check both lists of digests against the files."""
    done = convert_checkpoint(source, destination, options)
    assert_digests(done.files, destination)
    assert_digests(done.sources, source)
    return done


def as_torch(tensors: list[Tensor]) -> dict[str, torch.Tensor]:
    """The same float32 tensors by name."""
    return {
        each.name: torch.frombuffer(each.read(), dtype=torch.float32).reshape(each.shape)
        for each in tensors
    }


def test_every_byte_is_read_once_whatever_is_made_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(WIDE, vocab_size=4096, ffn_dim=2048)  # several pieces to a tensor
    write_hf_folder(tmp_path / "hf", config, shard_bytes=3 * PIECE_BYTES)
    shards = {path.resolve() for path in (tmp_path / "hf").glob("*.safetensors")}
    assert len(shards) > 3
    read = Counter[Path]()
    pread = os.pread

    def counting(descriptor: int, size: int, start: int) -> bytes:
        content = pread(descriptor, size, start)
        read[Path(f"/proc/self/fd/{descriptor}").readlink()] += len(content)
        return content

    monkeypatch.setattr(os, "pread", counting)
    opened = Counter(read)
    open_checkpoint(tmp_path / "hf")
    headers = {path: count - opened[path] for path, count in read.items()}
    read.clear()
    done = convert_checkpoint(tmp_path / "hf", tmp_path / "out", EVERYTHING)
    assert done.reads == 1
    for path in shards:  # the weights once, the header when it is checked and when it is hashed
        assert read[path] <= path.stat().st_size + 2 * headers[path], path.name
    assert len(done.sources) == len(shards)


@pytest.mark.parametrize("ranks", [1, 2])
def test_metas_ranks_are_read_side_by_side_and_each_hashed_whole(
    ranks: int, tmp_path: Path
) -> None:
    write_meta(tmp_path / "meta", ranks=ranks)
    done = converted(tmp_path / "meta", tmp_path / "out", ConvertOptions(("safetensors", "gguf")))
    assert [file.name for file in done.sources] == [
        f"consolidated.{rank:02}.pth" for rank in range(ranks)
    ]
    assert done.reads == 1


def test_tensors_out_of_order_are_read_in_order(tmp_path: Path) -> None:
    """Old PyTorch wrote storages 0, 1, 10, 11, 2: the dictionary's order is not the file's."""
    write_hf_folder(tmp_path / "bin")
    (tmp_path / "bin" / "model.safetensors").unlink()
    path = tmp_path / "bin" / "pytorch_model.bin"
    torch.save(as_torch(model_tensors(TINY)), path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(members):
            archive.writestr(name, members[name])
    done = converted(tmp_path / "bin", tmp_path / "out")
    assert done.reads == 1
    assert {name: raw for name, (_, _, raw) in weights_of(tmp_path / "out").items()} == {
        each.name: bytes(each.read()) for each in model_tensors(TINY)
    }


def test_a_view_across_its_storage_is_gathered_and_hashed_right(tmp_path: Path) -> None:
    """Transposed weights have to be read here and there, so once more for the hash: it is said."""
    write_hf_folder(tmp_path / "bin")
    (tmp_path / "bin" / "model.safetensors").unlink()
    weights = as_torch(model_tensors(TINY))
    turned = {
        name: weight.T.contiguous().T if weight.ndim == 2 else weight
        for name, weight in weights.items()
    }
    torch.save(turned, tmp_path / "bin" / "pytorch_model.bin")
    done = converted(tmp_path / "bin", tmp_path / "out")
    assert done.reads == 2
    assert {name: raw for name, (_, _, raw) in weights_of(tmp_path / "out").items()} == {
        name: weight.numpy().tobytes() for name, weight in weights.items()
    }


def test_what_nobody_wants_is_hashed_all_the_same(tmp_path: Path) -> None:
    """A head beside tied embeddings has no place in GGUF, and is a part of the source's file."""
    write_hf_folder(tmp_path / "hf")
    config = replace(TINY, tied_embeddings=True)
    write_hf_folder(tmp_path / "tied", config)
    source = (tmp_path / "hf" / "model.safetensors").read_bytes()
    (tmp_path / "tied" / "model.safetensors").write_bytes(source)
    done = converted(tmp_path / "tied", tmp_path / "out", ConvertOptions(("gguf",)))
    assert done.reads == 1
    assert "lm_head.weight" not in weights_of(tmp_path / "out")


def test_a_copy_is_the_same_files_and_hashed_once(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf", shard_bytes=20_000)
    done = converted(tmp_path / "hf", tmp_path / "out")
    for file in done.sources:
        copy = (tmp_path / "out" / file.name).read_bytes()
        assert copy == (tmp_path / "hf" / file.name).read_bytes()
    with_more = converted(tmp_path / "hf", tmp_path / "more", EVERYTHING)
    assert {file.name for file in done.files} < {file.name for file in with_more.files}
    assert set(done.files) <= set(with_more.files)


def test_numbers_of_mixed_sizes_stay_aligned_and_are_hashed_right(tmp_path: Path) -> None:
    """Where the order of the source would misalign a tensor, the file is in another order."""
    write_hf_folder(tmp_path / "bin")
    (tmp_path / "bin" / "model.safetensors").unlink()
    odd = {"a.rotary_emb.inv_freq": torch.ones(3, dtype=torch.uint8)}
    weights = as_torch(model_tensors(TINY))
    torch.save(odd | weights, tmp_path / "bin" / "pytorch_model.bin")
    done = converted(tmp_path / "bin", tmp_path / "out")
    assert done.reads == 1
    for tensor in open_checkpoint(tmp_path / "out").tensors:
        assert tensor.place is not None
        assert tensor.dtype != "F32" or tensor.place.start % 4 == 0


def test_what_cannot_be_quantised_is_named(tmp_path: Path) -> None:
    tensors = write_hf_folder(tmp_path / "hf", WIDE)
    path = tmp_path / "hf" / "model.safetensors"
    content = path.read_bytes()
    down = next(t for t in tensors if t.name == "model.layers.1.mlp.down_proj.weight").read()
    broken = bytes(down[:400]) + b"\x00\x00\xc0\x7f" + bytes(down[404:])
    path.write_bytes(content.replace(bytes(down), broken))
    with pytest.raises(BadElements, match=r"layers\.1\.mlp\.down_proj.*element 100 is nan"):
        convert_checkpoint(tmp_path / "hf", tmp_path / "out", EVERYTHING)
    assert [entry.name for entry in tmp_path.iterdir()] == ["hf"]


def test_a_source_that_is_cut_meanwhile_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_hf_folder(tmp_path / "hf")
    path = tmp_path / "hf" / "model.safetensors"

    def cut(done_bytes: int, total_bytes: int) -> None:
        os.truncate(path, path.stat().st_size // 2)

    with pytest.raises(BadCheckpoint, match=r"shorter|ended early|changed"):
        convert_checkpoint(tmp_path / "hf", tmp_path / "out", progress=cut)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("size", ["the same", "shorter"])
def test_a_source_that_changes_while_it_is_read_is_refused(size: str, tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf", WIDE)
    weights = tmp_path / "hf" / "model.safetensors"
    os.utime(weights, (1e9, 1e9))

    def change(done_bytes: int, _: int) -> None:
        content = weights.read_bytes()
        weights.write_bytes(content[:-4] + (bytes(4) if size == "the same" else b""))

    with pytest.raises(BadCheckpoint, match=r"changed while it was read|ended early"):
        convert_checkpoint(tmp_path / "hf", tmp_path / "out", EVERYTHING, change)
    assert not (tmp_path / "out").exists()
