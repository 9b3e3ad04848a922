"""A small ONNX model as protocol buffer fields (``onnx.proto3`` of ONNX 1.16)."""

from __future__ import annotations


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number: int, content: bytes | str | int) -> bytes:
    """A field: numbers as varints, everything else with its length."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    raw = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def node(op_type: str, domain: str = "") -> bytes:
    fields = field(1, "x") + field(2, "y") + field(3, "node") + field(4, op_type)
    return fields + (field(7, domain) if domain else b"")


def initializer(external: str | None = None) -> bytes:
    """A tensor of four floats, inside or in another file."""
    head = field(1, 4) + field(2, 1) + field(8, "w")
    if external is None:
        return head + field(9, bytes(16))
    place = field(13, field(1, "location") + field(2, external))
    return head + place + field(14, 1)


def model(nodes: bytes, tensors: bytes = b"", domain: str = "") -> bytes:
    """A whole model with one operator set more where a domain is given."""
    graph = field(1, nodes) + field(2, "graph") + (field(5, tensors) if tensors else b"")
    graph += field(11, field(1, "x")) + field(12, field(1, "y"))
    sets = field(8, field(1, "") + field(2, 17))
    if domain:
        sets += field(8, field(1, domain) + field(2, 1))
    return field(1, 9) + field(2, "exporter") + field(7, graph) + sets
