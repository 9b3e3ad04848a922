"""What a pickle may ask for: globals, calls, states of objects and storages.

Each request is answered by an inert value, from the closed table and the arguments alone; any other
is an objection. Nothing is imported or called.
"""

from __future__ import annotations

from typing import Any

from paddock.checkpoint.pytorch.calls import describe_build, describe_call
from paddock.checkpoint.pytorch.interpreter import MAX_OPCODES, GlobalUse, Interpreter
from paddock.checkpoint.pytorch.known_globals import GLOBALS
from paddock.checkpoint.pytorch.values import (
    Callee,
    StorageRef,
    StorageType,
    Unknown,
    Unreadable,
)
from paddock.errors import shown

MAX_USES = 10_000  # of known globals that are listed


def ask_for(i: Interpreter, module: object, name: object) -> None:
    """Put what is known under this name on the stack."""
    if type(module) is not str or type(name) is not str:
        i.globals.append(GlobalUse(None, None, i.opcode_at, False))
        i.push(i.object_to("hidden_global", "a global is named by no text in the pickle"))
        return
    known = GLOBALS.get((module, name))
    if known is None or len(i.globals) < MAX_USES:
        i.globals.append(GlobalUse(module, name, i.opcode_at, known is not None))
    if known is None:
        asked = f"it asks for {shown(f'{module}.{name}')}"
        i.push(i.object_to("forbidden_global", asked))
    else:
        i.push(known)


def call(i: Interpreter, callee: Any, arguments: Any) -> None:
    """Put what the call describes on the stack."""
    if isinstance(callee, Unreadable):
        i.push(callee)
    elif not isinstance(callee, Callee) or type(arguments) is not tuple:
        i.push(i.object_to("forbidden_reduce", f"it calls {shown(callee)}"))
    else:
        i.listed += sum(len(each) for each in arguments if type(each) is list)
        if i.listed > MAX_OPCODES:
            raise i.refusal("too_large", "lists are given to calls again and again")
        made = describe_call(callee.name, arguments)
        if made is None:
            what = f"{callee.name} has unknown arguments"
            made = i.object_to("forbidden_reduce", what)
        i.push(made)


def build(i: Interpreter) -> None:
    """Set the state that lies on the stack."""
    state = i.pop()
    if not describe_build(i.top(), state):
        i.object_to("forbidden_build", "it sets the state of an object")


def persistent(i: Interpreter, key: Any) -> None:
    """Put the storage that this key names on the stack."""
    match key:
        case ("storage", StorageType(dtype), str(name), str(), int(size), *view) if size >= 0:
            whole = StorageRef(dtype, name, size)
            if i.storages.setdefault(name, whole) != whole:
                i.object_to("bad_storage", f"the storage {shown(name)} is two things")
            i.push(_storage(i, whole, view))
        case ("storage", Unreadable() as unreadable, str(name), *_):
            i.storages[name] = unreadable
            i.push(unreadable)
        case other:
            i.push(i.object_to("bad_storage", f"{shown(other)} is no storage"))


def _storage(i: Interpreter, whole: StorageRef, view: list[Any]) -> StorageRef | Unknown:
    """The storage, or a part of it, as PyTorch before 0.4 wrote one beside its whole."""
    match view:
        case [] | [None]:
            return whole
        case [(str(), int(start), int(length))] if (
            min(start, length) >= 0 and start + length <= whole.elements
        ):
            return whole._replace(start=start, length=length)
    return i.object_to("bad_storage", "a view of a storage lies outside it")
