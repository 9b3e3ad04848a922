"""ONNX graphs: recognised, never clean, refused where they reach for files.

Walks the protocol buffer (onnx.proto, ModelProto) down to tensors and nodes, in subgraphs and
functions too; reads names only.
"""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.scan.formats.refusals import refusal
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.names import leads_out
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.types.protobuf import BYTES, BadProtobuf, Field, FileWindow, fields
from paddock.errors import shown

MAX_DEPTH = 16
MAX_TEXT_BYTES = 4096
MAX_TOLD = 20
_OWN_DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training"}

# Message by message: the number of a field, and the message in it (onnx.proto).
_MESSAGES: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "opset", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute", 7: "domain"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "external"},
    "external": {2: "location"},
    "opset": {1: "domain"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 9: "opset", 10: "domain", 11: "attribute"},
}


def check_onnx(look: Look) -> Iterator[Reason]:
    """What the graph needs beside itself."""
    yield Reason("onnx", look.name, "it is an ONNX graph")
    told: set[Reason] = set()
    with FileWindow(look.file) as window:
        try:
            for reason in _walk(look, window, Field(0, BYTES, 0, 0, look.size_bytes), "model", 0):
                if reason not in told and len(told) < MAX_TOLD:
                    told.add(reason)
                    yield reason
        except BadCheckpoint as e:
            yield refusal(e, look.name)


def _walk(
    look: Look, window: FileWindow, inside: Field, message: str, depth: int
) -> Iterator[Reason]:
    if depth > MAX_DEPTH:
        raise BadProtobuf("too_deep", "graphs are nested absurdly deep")
    key = ""
    for field in fields(window.read_at, inside.start, inside.end):
        look.budget.tick()
        if message == "external" and field.number == 1:
            key = _text(window, field)
        within = _MESSAGES[message].get(field.number)
        if within is None or field.wire != BYTES:
            continue
        if within == "location":
            yield from _location_reasons(look, key, _text(window, field))
        elif within == "domain":
            yield from _domain_reasons(look, _text(window, field))
        else:
            yield from _walk(look, window, field, within, depth + 1)


def _text(window: FileWindow, field: Field) -> str:
    raw = window.read_at(field.start, min(field.end - field.start, MAX_TEXT_BYTES))
    return raw[: field.end - field.start].decode("utf-8", "replace")


def _location_reasons(look: Look, key: str, value: str) -> Iterator[Reason]:
    if key in ("location", "") and leads_out(value):
        yield Reason("onnx_path", look.name, f"a tensor is to be read from {shown(value)}")


def _domain_reasons(look: Look, domain: str) -> Iterator[Reason]:
    if domain not in _OWN_DOMAINS:
        yield Reason("onnx_custom_domain", look.name, f"operators of {shown(domain)} are needed")
