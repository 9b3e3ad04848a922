"""Heads of weights and numbers of tensors, held against the libraries that write them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest
from huggingface_hub import CommitOperationAdd
from ml_dtypes import bfloat16, float8_e4m3fn, float8_e5m2
from safetensors.numpy import save

from paddock.checkpoint.errors import BadCheckpoint
from paddock.hub.large.content import Content, inline_content
from paddock.web.files import weights_header
from paddock.web.files.tensor_statistics import measure
from paddock.web.files.weights_header import TensorRow, WeightsHeader, read_weights_header
from paddock.web.files.weights_view import group_of, measure_tensor, view_weights
from tests.live import LiveServer
from tests.web.files.people import Person, text_of

NUMBERS = np.random.default_rng(7).normal(size=(40, 256)).astype("f4")


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_header, "_memory", weights_header._Memory())


def gguf_file(folder: Path) -> bytes:
    path = folder / "m.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(2)
    writer.add_token_list([f"token{n}" for n in range(1000)])
    writer.add_tensor("blk.0.attn_q.weight", NUMBERS)
    for name in ("Q8_0", "Q4_0"):
        kind = gguf.GGMLQuantizationType[name]
        packed = gguf.quants.quantize(NUMBERS, kind)
        writer.add_tensor(f"blk.1.{name}.weight", packed, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def distant(content: bytes) -> Content:
    """Bytes that are in no file of this machine."""
    return replace(inline_content(content), in_memory=None)


def test_the_head_of_safetensors_is_read_without_its_tensors() -> None:
    tensors = {f"model.layers.{n}.w": np.zeros((3, 4), "f2") for n in (2, 10)}
    content = save({**tensors, "lm_head.weight": NUMBERS}, {"format": "pt"})
    read: list[int] = []

    def count(start: int, end: int) -> Iterator[bytes]:
        read.append(end - start)
        yield content[start:end]

    header = read_weights_header("m.safetensors", "e", Content(len(content), None, count))
    assert sum(read) < 400
    view = view_weights(header)
    assert view.metadata[0] == ("format", "pt")
    assert [group.name for group in view.groups] == ["lm_head", "model.layers.2", "model.layers.10"]
    assert [(t.dtype, t.elements) for t in view.totals] == [("F32", 10240), ("F16", 24)]
    tensor = header.find("lm_head.weight")
    assert tensor is not None
    assert content[tensor.start : tensor.end] == NUMBERS.tobytes()
    assert [g.name for g in view_weights(header, "LAYERS.10").groups] == ["model.layers.10"]
    assert read_weights_header("m.safetensors", "e", Content(0, None, count)) is header


@pytest.mark.parametrize("is_local", [True, False])
def test_the_head_of_gguf_is_read_wherever_it_is(tmp_path: Path, is_local: bool) -> None:
    raw = gguf_file(tmp_path)
    content = (
        Content(len(raw), tmp_path / "m.gguf", distant(raw).read) if is_local else distant(raw)
    )
    header = read_weights_header("M.GGUF", "e", content)
    known = dict(header.metadata)
    assert known["general.architecture"] == "llama"
    assert known["tokenizer.ggml.tokens"].startswith("1000 × string: 'token0', 'token1'")
    for tensor in header.tensors:
        their = next(
            t for t in gguf.GGUFReader(tmp_path / "m.gguf").tensors if t.name == tensor.name
        )
        assert raw[tensor.start : tensor.end] == their.data.tobytes()
        measured = measure_tensor(header, tensor.name, content.read)
        assert measured is not None and measured.statistics is not None
        numbers = gguf.quants.dequantize(their.data, their.tensor_type)
        assert measured.statistics.least == numbers.min()
        assert measured.statistics.mean == pytest.approx(numbers.mean(dtype="f8"))


def test_a_large_head_that_is_not_here_is_fetched_in_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = gguf_file(tmp_path)
    monkeypatch.setattr(weights_header, "_GGUF_STEPS", (100, 5000, 1 << 20))
    assert len(read_weights_header("m.gguf", "e", distant(raw)).tensors) == 3
    monkeypatch.setattr(weights_header, "_GGUF_STEPS", (100, 5000))
    with pytest.raises(BadCheckpoint):
        read_weights_header("m.gguf", "other", distant(raw))


def row(dtype: str, content: bytes, elements: int, start: int = 0) -> TensorRow:
    return TensorRow("t", dtype, (elements,), elements, start, start + len(content))


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [("F32", "f4"), ("F64", "f8"), ("F16", "f2"), ("BF16", bfloat16), ("F8_E4M3", float8_e4m3fn),
     ("F8_E5M2", float8_e5m2), ("I8", "i1"), ("U16", "u2"), ("I64", "i8"), ("BOOL", "?")],
)  # fmt: skip
def test_statistics_are_numpy_s(dtype: str, kind: object) -> None:
    stored = (NUMBERS.reshape(-1) * 3).astype(kind)
    content = b"head" + stored.tobytes()
    found = measure(row(dtype, content[4:], stored.size, 4), inline_content(content).read)
    numbers = stored.astype("f8")
    assert (found.least, found.largest) == (numbers.min(), numbers.max())
    assert found.mean == pytest.approx(numbers.mean(), rel=1e-6, abs=1e-9)
    assert found.deviation == pytest.approx(numbers.std())
    assert found.zeros == int((numbers == 0).sum())
    assert sum(found.histogram) == found.looked_at == numbers.size
    if dtype == "F64":
        counts, _ = np.histogram(numbers, len(found.histogram))
        assert list(found.histogram) == counts.tolist()


def test_what_is_no_number_is_counted_apart() -> None:
    stored = np.array([np.nan, -np.nan, np.inf, -np.inf, 0, -0.0, 2], "f4")
    found = measure(row("F32", stored.tobytes(), 7), inline_content(stored.tobytes()).read)
    assert (found.nans, found.infinities, found.zeros) == (2, 2, 2)
    assert (found.least, found.largest, sum(found.histogram)) == (0, 2, 3)
    nothing = measure(row("F32", stored[:2].tobytes(), 2), inline_content(stored.tobytes()).read)
    assert (nothing.least, nothing.histogram) == (None, ())
    huge = np.array([np.finfo("f8").max, np.finfo("f8").min], "f8")
    wide = measure(row("F64", huge.tobytes(), 2), inline_content(huge.tobytes()).read)
    assert sum(wide.histogram) == 2
    assert measure(row("F32", b"", 0), inline_content(b"").read).looked_at == 0


def test_of_a_large_tensor_a_sample_is_read_and_no_more() -> None:
    stored = np.arange(1 << 20, dtype="<f4")
    content = stored.tobytes()
    read: list[tuple[int, int]] = []

    def count(start: int, end: int) -> Iterator[bytes]:
        read.append((start, end))
        yield content[start:end]

    found = measure(row("F32", content, stored.size), count, max_elements=1 << 14)
    assert found.is_sample
    assert found.looked_at == 1 << 14 == sum(end - start for start, end in read) // 4
    assert (found.least, found.largest) == (0, stored[-1])
    assert found.mean == pytest.approx(stored.mean(), rel=0.01)


def test_a_type_without_numbers_says_so() -> None:
    header = WeightsHeader("x", (), (TensorRow("t", "IQ1_S", (256,), 256, 0, 50),))
    measured = measure_tensor(header, "t", inline_content(bytes(50)).read)
    assert measured is not None and measured.statistics is None
    assert "IQ1_S" in (measured.why_not or "")
    assert measure_tensor(header, "none", inline_content(b"").read) is None


@pytest.mark.parametrize(
    ("name", "group"),
    [("model.layers.3.q.weight", "model.layers.3"), ("blk.0.a.b", "blk.0"),
     ("lm_head.weight", "lm_head"), ("w", "w"), ("a.b.7", "a.b"), ("9" * 50 + ".x", "9" * 50),
     ("..", ".")],
)  # fmt: skip
def test_tensors_are_grouped_by_their_layer(name: str, group: str) -> None:
    assert group_of(name) == group
    assert view_weights(WeightsHeader("x", (), (TensorRow(name, "F32", (), 1, 0, 4),))).found == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"GGUF", b"\xff" * 8 + b"{}", (9 << 60).to_bytes(8, "little") + b"{}", bytes(100),
     b"GGUF\3\0\0\0" + b"\xff" * 64],
)  # fmt: skip
def test_heads_that_lie_are_refused(content: bytes) -> None:
    for name in ("m.safetensors", "m.gguf"):
        with pytest.raises(BadCheckpoint):
            read_weights_header(name, name, distant(content))


def test_the_page_shows_the_head_and_one_tensor_measured(shared_server: LiveServer) -> None:
    api = shared_server.admin_api
    api.create_repo("boss/weights")
    tensors = {"a.0.<b>": NUMBERS, "a.1.w": np.full((2, 2), np.nan, "f4")}
    files = {"m.safetensors": save(tensors, {"k": "<i>v"}), "bad.safetensors": b"\xff" * 99}
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    api.create_commit("boss/weights", operations, commit_message="weights")
    person = Person(shared_server, None)
    page = person.page("/boss/weights/blob/main/m.safetensors")
    assert "10,244 parameters in 2 tensors" in text_of(page)
    assert "a.0.&lt;b&gt;" in page and "&lt;i&gt;v" in page
    assert "a.1.w" not in text_of(person.page("/boss/weights/blob/main/m.safetensors?find=a.0"))
    one = person.page("/boss/weights/blob/main/m.safetensors?tensor=a.0.%3Cb%3E")
    assert "all 10,240 elements" in text_of(one) and one.count("<rect ") == 48
    nan = text_of(person.page("/boss/weights/blob/main/m.safetensors?tensor=a.1.w"))
    assert "Not a number4" in nan.replace("\n", "").replace(" ", "").replace(
        "Notanumber", "Not a number"
    )
    assert "no tensor is called" in person.page("/boss/weights/blob/main/m.safetensors?tensor=x")
    assert "cannot be read" in person.page("/boss/weights/blob/main/bad.safetensors")
    api.update_repo_settings("boss/weights", gated="auto")
    hidden = person.page("/boss/weights/blob/main/m.safetensors?tensor=a.1.w")
    assert "a.1.w" not in text_of(hidden) and "Ask for access" in hidden
