"""NumPy's file format and its pickled random state, byte by byte (format versions 1.0 and 2.0)."""

from __future__ import annotations

from tests.attacks.corpus import opcodes as op


def npy(
    data: bytes = b"", descr: str = "'|O'", shape: str = "(1,)", *, version: int = 1,
    object_pickle: bytes = b"",
) -> bytes:  # fmt: skip
    """A ``.npy`` file with this header; a dtype is given as Python source."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    width = 2 if version == 1 else 4
    room = -(len(header) + 1 + 8 + width) % 64
    raw = (header + " " * room + "\n").encode()
    size = len(raw).to_bytes(width, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + size + raw + data + object_pickle


def encoded(raw: bytes) -> bytes:
    """Bytes as protocol 2 carries them: text, and the codec that turns it back."""
    return op.call(op.named("_codecs", "encode"), op.text(raw.decode("latin-1")), op.text("latin1"))


def array(raw: bytes, dtype: str, length: int) -> bytes:
    """An ndarray as NumPy pickles it."""
    empty = op.call(
        op.named("numpy._core.multiarray", "_reconstruct"),
        op.named("numpy", "ndarray"),
        op.tuple_of(op.number(0)),
        encoded(b"b"),
    )
    kind = op.call(op.named("numpy", "dtype"), op.text(dtype), b"\x89", b"\x88")
    minus = op.number(-1)
    kind_state = op.tuple_of(
        op.number(3), op.text("<"), op.NONE, op.NONE, op.NONE, minus, minus, op.number(0)
    )
    state = op.tuple_of(
        op.number(1), op.tuple_of(op.number(length)), kind + kind_state + op.BUILD, b"\x89",
        encoded(raw),
    )  # fmt: skip
    return empty + state + op.BUILD


def rng_state() -> bytes:
    """What ``numpy.random.get_state()`` gives: a name, 624 words, a position and two more."""
    words = b"".join((i * 2654435761 % 2**32).to_bytes(4, "little") for i in range(624))
    zero = b"G" + bytes(8)
    return op.tuple_of(
        op.text("MT19937"), array(words, "u4", 624), op.number(624), op.number(0), zero
    )
