"""The named tensors in a checkpoint's pickle, and what else lies beside them.

Training scripts wrap the weights (``{"model": …, "optimizer": …, "epoch": 3}``) and keep numbers
and text beside them; those are passed over and named. Knows values, no opcodes and no files.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from paddock.checkpoint.errors import BadPickle
from paddock.checkpoint.pytorch.interpreter import Interpreter
from paddock.checkpoint.pytorch.opcodes import run
from paddock.checkpoint.pytorch.values import StorageRef, TensorRef, Unreadable
from paddock.errors import shown

MAX_PICKLE_BYTES = 8 << 20  # Llama 3.1 405B's has 0.3 MB; parsed, it takes up to 30 times as much
WRAPPERS = ("state_dict", "model_state_dict", "model", "module")


class Weights(NamedTuple):
    """Tensors by name, the names of whatever else there is, and every storage by its key."""

    tensors: dict[str, TensorRef]
    ignored: tuple[str, ...]
    storages: dict[str, StorageRef | Unreadable]


def parse_state_dict(raw: bytes, where: str) -> Weights:
    """The weights that one pickle describes, to its last byte; raises BadPickle."""
    if len(raw) > MAX_PICKLE_BYTES:
        raise BadPickle("too_large", f"{where} has {len(raw)} bytes, over {MAX_PICKLE_BYTES}")
    machine = Interpreter(raw, where)
    value = run(machine)
    if machine.at != len(raw):
        raise machine.refusal("trailing_bytes", f"{len(raw) - machine.at} bytes follow its end")
    return weights_in(machine, value)


def weights_in(machine: Interpreter, value: Any) -> Weights:
    """The weights in what a pickle described; ``machine`` names it."""
    if machine.stack:
        raise machine.refusal("bad_stack", f"{len(machine.stack)} values are left at its end")
    if type(value) is not dict:
        raise BadPickle("no_state_dict", f"{machine.where} holds no dictionary of tensors")
    inner, outer = _unwrapped(value, machine.where)
    tensors: dict[str, TensorRef] = {}
    ignored = list(outer)
    for name, item in inner.items():
        if isinstance(item, Unreadable):
            raise BadPickle(
                "unsupported_tensor",
                f"{machine.where}: {shown(name)} is a {item.kind} tensor, which is not read",
                hint="save it dense, in one of safetensors' dtypes",
            )
        if isinstance(item, TensorRef) and type(name) is str:
            tensors[name] = item
        else:
            ignored.append(str(name))
    if not tensors:
        raise BadPickle("no_state_dict", f"{machine.where} holds no named tensors")
    return Weights(tensors, tuple(ignored), machine.storages)


def _unwrapped(value: dict[Any, Any], where: str) -> tuple[dict[Any, Any], list[str]]:
    """The dictionary with the weights, and what lies beside it; wrappers may be nested twice."""
    outer: list[str] = []
    for _ in range(2):
        inside = [name for name in WRAPPERS if _has_tensors(value.get(name))]
        if len(inside) > 1:
            names = " and ".join(inside)
            raise BadPickle("ambiguous", f"{where} holds several sets of weights: {names}")
        if not inside:
            break
        outer += [str(name) for name in value if name != inside[0]]
        value = value[inside[0]]
    return value, outer


def _has_tensors(value: Any) -> bool:
    """Whether this is a dictionary of tensors, or one that wraps such a dictionary."""
    if type(value) is not dict:
        return False
    inside = [value[name] for name in WRAPPERS if type(value.get(name)) is dict]
    items = [item for part in (value, *inside) for item in part.values()]
    return any(isinstance(item, TensorRef | Unreadable) for item in items)
