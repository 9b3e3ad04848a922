"""A model in several GGUF files is read as one, and only when every part is what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.gguf.metadata import About, metadata_of
from paddock.checkpoint.gguf.splits import read_joined
from paddock.checkpoint.gguf.values import Value, ValueType
from paddock.checkpoint.opening import open_checkpoint
from tests.checkpoint.gguf.samples import Content, gguf_content, write_gguf
from tests.checkpoint.samples import TINY, model_tensors

PARTS = 3


def u16(value: int) -> Value:
    return Value(ValueType.U16, value)


def write_split(
    folder: Path, change: Callable[[int, dict[str, Value], Content], None] | None = None
) -> Path:
    """TINY in three files, as llama.cpp cuts them; ``change`` may tamper with each."""
    whole = gguf_content(TINY, model_tensors(TINY), "f32")
    names = list(whole)
    for part in range(PARTS):
        content = {name: whole[name] for name in names[part::PARTS]}
        metadata = metadata_of(TINY, None, None, "f32", About("test")) if part == 0 else {}
        metadata |= {
            "split.no": u16(part),
            "split.count": u16(PARTS),
            "split.tensors.count": Value(ValueType.I32, len(names)),
        }
        if change:
            change(part, metadata, content)
        write_gguf(folder / f"m-{part + 1:05}-of-{PARTS:05}.gguf", metadata, content)
    return folder / f"m-00001-of-{PARTS:05}.gguf"


def test_a_split_model_is_opened_by_any_part_and_by_its_folder(tmp_path: Path) -> None:
    first = write_split(tmp_path)
    expected = {tensor.name: bytes(tensor.read()) for tensor in model_tensors(TINY)}
    for path in (first, tmp_path / "m-00003-of-00003.gguf", tmp_path):
        opened = open_checkpoint(path)
        assert {t.name: bytes(t.read()) for t in opened.tensors} == expected


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    first = write_split(tmp_path)
    (tmp_path / "m-00002-of-00003.gguf").unlink()
    with pytest.raises(BadCheckpoint, match=r"m-00002-of-00003\.gguf is missing"):
        read_joined(first)


def test_a_part_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    first = write_split(tmp_path / "in")
    second = tmp_path / "in" / "m-00002-of-00003.gguf"
    second.rename(tmp_path / "elsewhere.gguf")
    second.symlink_to(tmp_path / "elsewhere.gguf")
    with pytest.raises(BadCheckpoint, match="symbolic link out of the folder"):
        read_joined(first)


def test_a_name_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    first = write_split(tmp_path)
    path = first.rename(tmp_path / "m.gguf")
    with pytest.raises(BadCheckpoint, match="its name does not say so"):
        read_joined(path)


def test_parts_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    def renumbered(part: int, metadata: dict[str, Value], _: Content) -> None:
        metadata["split.no"] = u16(0)

    def recounted(part: int, metadata: dict[str, Value], _: Content) -> None:
        metadata["split.tensors.count"] = Value(ValueType.I32, 5)

    def repeated(part: int, metadata: dict[str, Value], content: Content) -> None:
        content["token_embd.weight"] = ("F32", (64, 32), bytes(64 * 32 * 4))

    for change, reason in (
        (renumbered, "split_number"),
        (recounted, "split_tensors"),
        (repeated, "duplicate_name"),
    ):
        with pytest.raises(BadCheckpoint) as caught:
            read_joined(write_split(tmp_path, change))
        assert caught.value.reason == reason
