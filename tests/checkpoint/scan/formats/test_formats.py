"""Checks of bytes, one story each; the corpus of attacks tries their variants."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.checkpoint.samples import write_hf_folder
from tests.checkpoint.scan.scans import codes, scanned

CALL = b"cposix\nsystem\n(S'true'\ntR."


def zip_of(members: dict[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return raw.getvalue()


def field(number: int, content: bytes) -> bytes:
    """A field of a protocol buffer, of bytes."""
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def saved(value: object, **options: object) -> bytes:
    raw = io.BytesIO()
    torch.save(value, raw, **options)
    return raw.getvalue()


# --- pickles


@pytest.mark.parametrize("name", ["a.pkl", "a.bin", "config.json", "model.safetensors", "a"])
def test_a_pickle_that_calls_is_rejected_with_its_place_whatever_its_name(
    name: str, tmp_path: Path
) -> None:
    report = scanned(tmp_path, {name: CALL})
    (reason,) = (r for r in report.reasons if r.code == "pickle_global")
    assert (reason.place, reason.message) == (f"{name}@0", "it asks for 'posix.system'")


def test_a_pickle_that_breaks_after_its_call_is_rejected_for_the_call_too(tmp_path: Path) -> None:
    assert codes(tmp_path, "a.pkl", CALL[:-1] + b"\xff") >= {"pickle_global", "pickle_damaged"}


def test_checkpoints_of_torch_are_clean_and_should_be_converted(tmp_path: Path) -> None:
    layer = torch.nn.Linear(4, 4)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    state = {"model": layer.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
    for content in (
        saved(layer.state_dict()),
        saved(layer.state_dict(), _use_new_zipfile_serialization=False),
        saved(state),
        saved({"numpy": np.random.get_state(), "cpu": torch.get_rng_state()}),
        pickle.dumps({"plain": [1, 2.5, "text", None]}),
    ):
        assert codes(tmp_path, "a.pt", content) == {"pickle_convert"}


def test_a_whole_module_is_rejected(tmp_path: Path) -> None:
    assert "pickle_global" in codes(tmp_path, "a.pt", saved(torch.nn.Linear(2, 2)))


def test_pickles_hidden_in_other_files_are_found(tmp_path: Path) -> None:
    hidden = {
        "notes.txt": b"Once upon a time.\n" + CALL,
        "image.png": png() + CALL,
        "noise.dat": bytes(range(250, 256)) * 40 + pickle.dumps(print, 4)[:-1] + b")R.",
        "far.dat": b"\xfe" * (3 << 20) + CALL,
    }
    for name, content in hidden.items():
        assert "embedded_pickle" in codes(tmp_path, name, content), name
    assert "embedded_pickle" in codes(tmp_path, "a.pkl", pickle.dumps({"inner": CALL}))


def test_honest_prose_about_pickles_holds_none(tmp_path: Path) -> None:
    text = b"import os\nThe opcode c takes two lines:\ncposix\nsystem\nand R calls (see PEP 307).\n"
    assert "embedded_pickle" not in codes(tmp_path, "notes.txt", text)


def test_values_that_would_exhaust_their_reader_are_bombs(tmp_path: Path) -> None:
    doubled = b"\x80\x02]q\x00" + b"".join(b"](h" + bytes([n]) + b"h" + bytes([n]) + b"eq"
                                          + bytes([n + 1]) for n in range(60)) + b"."  # fmt: skip
    for content in (
        doubled,
        b"\x80\x02" + b")" + b"\x85" * 1000 + b".",
        b"I" + b"9" * 9000 + b"\n.",
    ):
        assert "pickle_bomb" in codes(tmp_path, "a.pkl", content)


def test_arrays_of_objects_are_rejected_and_arrays_of_anything_else_are_not(tmp_path: Path) -> None:
    for array in (np.arange(5), np.array(["a", "b"]), np.zeros(3, dtype=[("a", "i4")])):
        raw = io.BytesIO()
        np.save(raw, array)
        assert codes(tmp_path, "a.npy", raw.getvalue()) <= {"not_looked_into", "weights_constant"}
    for objects in (np.array([None, {}]), np.zeros(2, dtype=[("a", "i4"), ("b", "O")])):
        raw = io.BytesIO()
        np.save(raw, objects, allow_pickle=True)
        assert "object_array" in codes(tmp_path, "a.npy", raw.getvalue())


# --- weights and their indexes


def test_an_index_and_its_shards_must_agree(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf")
    weights = (tmp_path / "hf" / "model.safetensors").read_bytes()
    size = int.from_bytes(weights[:8], "little")
    names = [name for name in json.loads(weights[8 : 8 + size]) if name != "__metadata__"]
    one, two = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    index = {"weight_map": dict.fromkeys(names, one)}

    def judged(folder: str, weight_map: dict[str, str], *shards: str) -> set[str]:
        files = dict.fromkeys(shards, weights)
        files["model.safetensors.index.json"] = json.dumps(
            index | {"weight_map": weight_map}
        ).encode()
        report = scanned(tmp_path / folder, files)
        return {r.code for r in report.across if "index.json" in r.place and r.level != "warn"}

    honest = index["weight_map"]
    assert judged("honest", honest, one) == set()
    assert judged("missing", honest | {"more": one}, one) == {"bad_index"}
    assert judged("nowhere", honest | {names[0]: two}, one) == {"bad_index"}
    assert judged("outside", honest | {names[0]: "../" + one}, one) >= {"path_escape"}
    assert judged("twice", honest | {"x": two}, one, two) >= {"duplicate"}
    assert judged("unnamed", honest, one, two) == {"bad_index"}


def test_ranks_of_a_model_are_all_there(tmp_path: Path) -> None:
    content = saved({"w": torch.ones(2)})
    report = scanned(tmp_path, {f"consolidated.{n:02}.pth": content for n in (0, 2)})
    assert "bad_index" in {reason.code for reason in report.across}


def test_a_reader_s_refusal_is_a_reason_with_its_word(tmp_path: Path) -> None:
    header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    file = len(header).to_bytes(8, "little") + header + bytes(4)
    (reason,) = scanned(tmp_path, {"a.safetensors": file + b"more"}).reasons
    assert reason.code == "hidden_bytes"
    assert reason.message.endswith("(trailing_bytes)")


# --- formats that carry programs


def test_keras_is_never_clean_and_rejected_where_it_names_code(tmp_path: Path) -> None:
    def archive(layer: dict[str, object]) -> bytes:
        config = {"module": "keras", "class_name": "Sequential", "config": {"layers": [layer]}}
        members = {"metadata.json": b"{}", "model.weights.h5": b"\x89HDF\r\n\x1a\n"}
        return zip_of(members | {"config.json": json.dumps(config).encode()})

    dense = {"module": "keras.layers", "class_name": "Dense", "config": {}}
    assert codes(tmp_path, "m.keras", archive(dense)) == {"keras"}
    for layer in (
        {"class_name": "Lambda"},
        dense | {"module": "os"},
        dense | {"module": "keras.utils"},
    ):
        assert codes(tmp_path, "m.keras", archive({**dense, **layer})) >= {"keras_code"}
    raw = b"\x89HDF\r\n\x1a\n" + bytes(2000)
    assert codes(tmp_path, "m.h5", raw) == {"keras"}
    for words in (b'"class_name": "Lambda"', b'"module": "os"', b'"class_name": "\\u004cambda"'):
        assert "keras_code" in codes(tmp_path, "m.h5", raw + words + bytes(9))


def test_onnx_is_never_clean_and_rejected_where_it_reaches_for_files(tmp_path: Path) -> None:
    def model(graph: bytes, more: bytes = b"") -> bytes:
        return b"\x08\x08" + field(7, field(2, b"g") + graph) + more

    def tensor(location: bytes) -> bytes:
        return field(5, field(13, field(1, b"location") + field(2, location)))

    assert codes(tmp_path, "m.onnx", model(b"")) == {"onnx"}
    assert codes(tmp_path, "m.onnx", model(tensor(b"weights.bin"))) == {"onnx"}
    for location in (b"../a", b"/etc/passwd", b"a/../../b"):
        assert "onnx_path" in codes(tmp_path, "m.onnx", model(tensor(location)))
    node = field(1, field(4, b"Run") + field(7, b"my.own"))
    assert "onnx_custom_domain" in codes(tmp_path, "m.onnx", model(node))
    attribute = field(5, field(1, b"then") + field(6, node))
    nested = field(1, field(4, b"If") + attribute)
    assert "onnx_custom_domain" in codes(tmp_path, "m.onnx", model(nested))


def test_graphs_that_touch_files_are_rejected(tmp_path: Path) -> None:
    def graph(operator: bytes) -> bytes:
        return b"\x08\x01" + field(2, field(2, field(1, field(1, b"n") + field(2, operator))))

    assert codes(tmp_path, "saved_model.pb", graph(b"MatMul")) == {"tensorflow"}
    assert "tensorflow_op" in codes(tmp_path, "saved_model.pb", graph(b"WriteFile"))


def test_what_git_would_run_is_rejected(tmp_path: Path) -> None:
    assert "git_hook" in codes(tmp_path, ".git/hooks/post-checkout", b"#!/bin/sh\ntrue\n")
    for name in (".GIT/hooks/post-checkout", "a/git~1/Hooks/post-merge", ".git./hooks/pre-push"):
        assert "git_hook" in codes(tmp_path, name, b"true\n"), name
    assert codes(tmp_path, ".git/hooks/update.sample", b"#!/bin/sh\n") == set()
    honest = b'[core]\n\tbare = false\n[remote "origin"]\n\turl = https://example.org/a\n'
    assert codes(tmp_path, ".git/config", honest) == set()
    for line in (b"[core]\n fsmonitor = true; id", b"[core]\n\thooksPath = .", b"[alias]\n s = !id",
                 b'[filter "x"]\n smudge = id', b"[include]\n path = ../x"):  # fmt: skip
        assert "git_config" in codes(tmp_path, ".git/config", honest + line + b"\n"), line


# --- polyglots


def png() -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)

    size = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0\1\2\3"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + pixels + chunk(b"IEND", b"")


GIF = bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b")
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n"


@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.pdf", "a.txt"])
def test_a_zip_behind_anything_makes_it_two_files(name: str, tmp_path: Path) -> None:
    content = {"a.png": png(), "a.gif": GIF, "a.pdf": PDF, "a.txt": b"words\n"}[name]
    assert codes(tmp_path, name, content) == set()
    assert "polyglot" in codes(tmp_path, name, content + zip_of({"a.txt": b"x"}))


def test_a_zip_inside_the_last_tensor_makes_it_two_files(tmp_path: Path) -> None:
    archive = zip_of({"a.txt": b"x"})
    entry = {"dtype": "U8", "shape": [len(archive)], "data_offsets": [0, len(archive)]}
    header = json.dumps({"a": entry}).encode()
    file = len(header).to_bytes(8, "little") + header + archive
    assert "polyglot" in codes(tmp_path, "a.safetensors", file)


def test_what_follows_an_image_or_acts_in_a_document_is_quarantined(tmp_path: Path) -> None:
    assert "after_the_end" in codes(tmp_path, "a.png", png() + b"more")
    assert "after_the_end" in codes(tmp_path, "a.gif", GIF + b"more")
    assert "broken_document" in codes(tmp_path, "a.png", png()[:-4])
    acting = PDF.replace(b"<<>>", b"<</OpenAction <</S /JavaScript>>>>")
    assert "active_document" in codes(tmp_path, "a.pdf", acting)


def test_a_name_that_promises_weights_is_held_to_it(tmp_path: Path) -> None:
    assert "disguised" in codes(tmp_path, "a.safetensors", zip_of({"a": b"x"}))
    assert codes(tmp_path, "a.gguf", b"just text\n") >= {"malformed", "wrong_name"}
    assert codes(tmp_path, "photo.jpg", png()) == set()
