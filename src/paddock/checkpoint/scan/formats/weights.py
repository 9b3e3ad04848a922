"""Each weight format's own reader as a check: what it refuses is a reason.

The readers are bounded and strict; this only asks them. A torch file whose pickle holds something
besides named tensors is no damage, and judged by ``pickles`` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from paddock.checkpoint.errors import BadCheckpoint, BadPickle, BadSafetensors
from paddock.checkpoint.gguf.reading import read_gguf
from paddock.checkpoint.llama2c.reading import read_llama2c
from paddock.checkpoint.pytorch.reading import read_torch_file
from paddock.checkpoint.safetensors.reading import read_header
from paddock.checkpoint.scan.formats.refusals import refusal
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason

# What a reader of weights cannot use, and a loader of anything may.
_NO_DAMAGE = {"no_state_dict", "ambiguous", "unsupported_tensor", "too_large"}
# What the pickle asks for is told by the survey, with its place.
_SURVEYED = {"forbidden_global", "forbidden_reduce", "forbidden_build", "forbidden_opcode"}


def _read_safetensors(path: Path) -> None:
    if not read_header(path).entries:
        raise BadSafetensors("no_tensors", f"{path.name} holds no tensor")


_READERS: dict[Kind, Callable[[Path], Any]] = {
    Kind.SAFETENSORS: _read_safetensors,
    Kind.GGUF: read_gguf,
    Kind.LLAMA2C: read_llama2c,
    Kind.TORCH_ZIP: read_torch_file,
    Kind.TORCH_LEGACY: read_torch_file,
}
READABLE = frozenset(_READERS)


def check_weights(look: Look) -> Iterator[Reason]:
    """Whether the format's reader takes the file."""
    yield from check_as(look, look.kind)


def check_as(look: Look, kind: Kind) -> Iterator[Reason]:
    """Whether the reader of this format takes the file, whatever it looks like."""
    try:
        _READERS[kind](look.file)
    except BadPickle as e:
        if e.reason not in _NO_DAMAGE | _SURVEYED:
            yield refusal(e, look.name)
    except BadCheckpoint as e:
        yield refusal(e, look.name)
