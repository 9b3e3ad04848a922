"""How addresses become values: the convertors that every route of the hub is written with.

Routes match the raw, percent-encoded path, because a decoded path no longer tells ``a%2Fb`` from
``a/b``. So every parameter decodes itself, after the path was split:

    {kind:kind}          models | datasets | spaces | kernels -> Kind
    {kind:kind_prefix}   "" | datasets/ | spaces/ | kernels/ -> Kind (web, files, git, LFS)
    {kind:space}         spaces                          -> Kind
    {what:space_action}  hardware | restart | …, what would run a space
    {x:segment}          one segment, decoded
    {rev:revision}       one segment, or a literal refs/pr/N, refs/convert/X, refs/heads/X
    {path:rest}          everything that is left, decoded; slashes may be encoded too
    {slug:slug}          a collection: owner/title-id, or what follows the slash alone
    {id:hub_id}          hub-ID, which no other hub has

Addresses of one repository begin with one of two patterns, and give their handlers a
``RepositoryName``. Knows no route. Importing ``paddock.hub.api`` registers the convertors; text
that is not UTF-8, or that holds NUL, matches its route and is refused there with 400.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, unquote_to_bytes

from fastapi import Depends, Path, Request
from pydantic import WithJsonSchema
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor

from paddock.errors import BadInput, shown
from paddock.hub.context import CallerDep, Hub
from paddock.hub.mirror import pulling
from paddock.hub.names import RepositoryName
from paddock.hub.types import Caller, Kind

# How every address of one repository begins: in the API, and everywhere else (files, pages, LFS).
API_REPOSITORY = "/api/{kind:kind}/{namespace:segment}/{name:segment}"
WEB_REPOSITORY = "/{kind:kind_prefix}{namespace:segment}/{name:segment}"


class BadAddress(BadInput):
    """The address itself cannot be read."""

    code = "bad_address"


def decode_text(raw: str) -> str:
    """Percent-decode part of an address, strictly: UTF-8 without NUL."""
    if "%" not in raw and raw.isascii() and raw.isprintable():
        return raw
    try:
        text = unquote_to_bytes(raw.encode("latin-1")).decode("utf-8")
    except UnicodeError as e:
        raise BadAddress(f"the address part {shown(raw)} is not percent-encoded UTF-8") from e
    if "\0" in text:
        raise BadAddress(f"the address part {shown(raw)} contains a NUL character")
    return text


def encode_path(path: str) -> str:
    """Percent-encode a file path, slashes kept."""
    return quote(path, safe="/")


def encode_segment(text: str) -> str:
    """Percent-encode one segment, slashes too."""
    return quote(text, safe="")


class _KindConvertor(Convertor[Kind]):
    regex = "(?:models|datasets|spaces|kernels)"

    def convert(self, value: str) -> Kind:
        return Kind(value[:-1])

    def to_string(self, value: Kind) -> str:
        return f"{value}s"


class _SpaceConvertor(_KindConvertor):
    regex = "spaces"


class _SpaceActionConvertor(Convertor[str]):
    """What would run a space; other words are other routes' business."""

    regex = "(?:hardware|sleeptime|pause|restart|dev-mode|volumes|storage)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _KindPrefixConvertor(Convertor[Kind]):
    regex = "(?:datasets/|spaces/|kernels/|)"

    def convert(self, value: str) -> Kind:
        return Kind(value[:-2]) if value else Kind.MODEL

    def to_string(self, value: Kind) -> str:
        return value.url_prefix


class _SegmentConvertor(Convertor[str]):
    regex = "[^/]+"

    def convert(self, value: str) -> str:
        return decode_text(value)

    def to_string(self, value: str) -> str:
        return encode_segment(value)


class _RevisionConvertor(_SegmentConvertor):
    # Literal multi-segment refs first; the encoded spelling is one segment.
    regex = "(?:refs/(?:pr|convert|heads|tags)/[^/]+|[^/]+)"


class _RestConvertor(Convertor[str]):
    regex = ".*"

    def convert(self, value: str) -> str:
        return decode_text(value)

    def to_string(self, value: str) -> str:
        return encode_path(value)


class _HubIdConvertor(_SegmentConvertor):
    regex = "hub-[0-9a-f]{16}"


class _SlugConvertor(_RestConvertor):
    regex = "(?:[^/]+/)?[^/]+"


CONVERTORS: dict[str, Convertor[Any]] = {
    "kind": _KindConvertor(),
    "kind_prefix": _KindPrefixConvertor(),
    "space": _SpaceConvertor(),
    "space_action": _SpaceActionConvertor(),
    "segment": _SegmentConvertor(),
    "revision": _RevisionConvertor(),
    "rest": _RestConvertor(),
    "slug": _SlugConvertor(),
    "hub_id": _HubIdConvertor(),
}


# The wire writes kinds in the plural, which the schema of ``Kind`` does not know.
KindInPath = Annotated[
    Kind,
    Path(description="`models`, `datasets`, `spaces`, `kernels`; pages leave `models` out"),
    WithJsonSchema({"type": "string", "enum": [f"{kind}s" for kind in Kind]}),
]
RevisionInPath = Annotated[str, Path(description="a branch, a tag or a commit")]


async def repository_name(
    request: Request,
    caller: CallerDep,
    kind: KindInPath,
    namespace: Annotated[str, Path(description="the user or organisation")],
    name: Annotated[str, Path(description="the repository's name within its namespace")],
) -> RepositoryName:
    """The repository that an address names, for handlers of the two patterns above.

    Where this hub mirrors another one, the repository is brought here first.
    """
    asked = RepositoryName(kind, namespace, name)
    hub: Hub = request.app.state.hub
    if hub.mirror is not None:
        await run_in_threadpool(pulling.prepare, hub, caller, asked)
    return asked


def brought_here(hub: Hub, caller: Caller, asked: RepositoryName) -> RepositoryName:
    """The same for a handler that is in a thread of its own already."""
    if hub.mirror is not None:
        pulling.prepare(hub, caller, asked)
    return asked


RepositoryNameDep = Annotated[RepositoryName, Depends(repository_name)]


def register() -> None:
    """Make the convertors known to the router; doing it twice is harmless."""
    for name, convertor in CONVERTORS.items():
        register_url_convertor(name, convertor)
