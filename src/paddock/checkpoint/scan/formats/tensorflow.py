"""TensorFlow's graphs: recognised, never clean, refused where they touch files or Python.

Walks the protocol buffers of a SavedModel or a GraphDef (saved_model.proto, graph.proto,
function.proto) down to the names of operators.
"""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.scan.formats.refusals import refusal
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.types.protobuf import BYTES, VARINT, Field, FileWindow, fields

MAX_OPERATOR_BYTES = 200
_TOUCHING = {
    "ReadFile", "WriteFile", "MatchingFiles", "WholeFileReader", "WholeFileReaderV2", "PrintV2",
    "PyFunc", "PyFuncStateless", "EagerPyFunc", "LoadDataset", "SaveDataset", "SaveDatasetV2",
    "DebugIdentityV2", "ImmutableConst", "TextLineDataset", "FixedLengthRecordDataset",
}  # fmt: skip

_MESSAGES: dict[str, dict[int, str]] = {
    "saved_model": {2: "meta_graph"},
    "meta_graph": {2: "graph"},
    "graph": {1: "node", 2: "library"},
    "library": {1: "function"},
    "function": {3: "node"},
    "node": {2: "operator"},
}


def check_tensorflow(look: Look) -> Iterator[Reason]:
    """The operators of the graph; one of TFLite is only recognised."""
    yield Reason("tensorflow", look.name, f"it is a {look.kind}")
    if look.kind is not Kind.SAVED_MODEL:
        return
    told: set[str] = set()
    with FileWindow(look.file) as window:
        try:
            first = next(fields(window.read_at, 0, look.size_bytes))
            outermost = "saved_model" if first.wire == VARINT else "graph"
            whole = Field(0, BYTES, 0, 0, look.size_bytes)
            for operator in _operators(look, window, whole, outermost):
                if operator in _TOUCHING - told:
                    told.add(operator)
                    yield Reason("tensorflow_op", look.name, f"it uses {operator}")
        except BadCheckpoint as e:
            yield refusal(e, look.name)


def _operators(look: Look, window: FileWindow, inside: Field, message: str) -> Iterator[str]:
    for field in fields(window.read_at, inside.start, inside.end):
        look.budget.tick()
        within = _MESSAGES[message].get(field.number)
        if within is None or field.wire != BYTES:
            continue
        if within != "operator":
            yield from _operators(look, window, field, within)
        elif field.end - field.start <= MAX_OPERATOR_BYTES:
            raw = window.read_at(field.start, field.end - field.start)
            yield raw[: field.end - field.start].decode("utf-8", "replace")
