"""What we write as ``torch.save`` would is read by our own strict reader and by torch."""

from __future__ import annotations

import io
import tempfile
import zipfile
import zlib
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from paddock.checkpoint.errors import UnsupportedModel
from paddock.checkpoint.pytorch.reading import read_torch_file
from paddock.checkpoint.pytorch.zip_writing import torch_file_parts
from paddock.checkpoint.tensors import Tensor
from tests.checkpoint.samples import tensor


def whole_file(tensors: list[Tensor], aliases: dict[str, str] | None = None) -> bytes:
    crcs = {number: zlib.crc32(each.read()) for number, each in enumerate(tensors)}
    parts = torch_file_parts("archive", tensors, aliases or {})
    return b"".join(
        bytes(tensors[part].read())
        if isinstance(part, int)
        else part
        if isinstance(part, bytes)
        else part.render(crcs)
        for part in parts
    )


shapes = st.lists(st.lists(st.integers(0, 9), max_size=4).map(tuple), min_size=1, max_size=6)


@given(shapes, st.sampled_from(["F32", "F16", "BF16"]))
def test_any_tensors_come_back(shapes: list[tuple[int, ...]], dtype: str) -> None:
    tensors = [tensor(f"t{number}.weight", shape, dtype) for number, shape in enumerate(shapes)]
    content = whole_file(tensors)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.pth"
        path.write_bytes(content)
        read = {each.name: each for each in read_torch_file(path).tensors}
        assert {n: (t.dtype, t.shape, t.read()) for n, t in read.items()} == {
            each.name: (dtype, each.shape, each.read()) for each in tensors
        }
    loaded = torch.load(io.BytesIO(content), weights_only=True)
    for each in tensors:
        assert tuple(loaded[each.name].shape) == each.shape
        raw = loaded[each.name].reshape(-1).view(torch.uint8).numpy().tobytes()
        assert raw == bytes(each.read())


def test_the_archive_is_sound_and_its_storages_aligned() -> None:
    content = whole_file([tensor("a", (3,)), tensor("b", (5, 7), "BF16")], {"c": "a"})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names[0] == "archive/data.pkl"
        assert {name.partition("/")[0] for name in names} == {"archive"}
    loaded = torch.load(io.BytesIO(content), weights_only=True)
    assert torch.equal(loaded["a"], loaded["c"])
    for each in (tensor("a", (3,)), tensor("b", (5, 7), "BF16")):
        assert content.index(bytes(each.read())) % 64 == 0


def test_a_type_that_torch_has_no_storage_for_is_refused() -> None:
    with pytest.raises(UnsupportedModel, match="cannot hold Q8_0"):
        torch_file_parts("archive", [Tensor("a", "Q8_0", (32,), lambda: iter(()))], {})
