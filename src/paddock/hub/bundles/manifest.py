"""What a bundle says that it holds: an in-toto statement, which is signed before all else.

Pure. The statement names every member of the file with its SHA-256 and size, so that a reader who
trusts the signature knows, before reading a byte further, what must follow and how much of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from paddock.digest import is_sha256
from paddock.errors import BadInput
from paddock.hub.errors import BadName
from paddock.hub.git import refs
from paddock.hub.names import RepositoryName, check_account_name, check_repository_name
from paddock.hub.types import Kind
from paddock.signing.signed_json import member, object_in, render, short

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:paddock:bundle:v1"
MAX_REPOSITORIES = 1000
MAX_LARGE_FILES = 200_000
MAX_REFS = 50_000
MAX_FILE_BYTES = 1 << 50

_OID = re.compile(r"[0-9a-f]{40}")


class BadBundle(BadInput):
    """A bundle is not what its statement says, or its statement makes no sense."""

    code = "bad_bundle"


class Member(NamedTuple):
    """One piece of the file."""

    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class BundledRepository:
    """A repository with its branches and tags; ``pack`` holds their git objects."""

    name: RepositoryName
    is_private: bool
    gated: str | None
    sdk: str | None
    refs: Mapping[str, str]
    pack: Member
    large_files: Sequence[str]  # SHA-256 of what it holds, each a member of the bundle


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything in a bundle."""

    made_at: str  # ISO 8601
    repositories: Sequence[BundledRepository]
    large_files: Mapping[str, int]  # SHA-256 to size

    @property
    def members(self) -> list[Member]:
        """What follows the statement in the file, in order."""
        large = [
            Member(large_name(sha256), sha256, size_bytes)
            for sha256, size_bytes in sorted(self.large_files.items())
        ]
        return [*large, *(repo.pack for repo in self.repositories)]


def large_name(sha256: str) -> str:
    """Where a large file of the bundle is."""
    return f"large/{sha256}"


def pack_name(number: int) -> str:
    """Where the git objects of the bundle's repository of that number are."""
    return f"repositories/{number}.pack"


def render_statement(bundle: Bundle) -> bytes:
    """The bytes that are signed."""
    return render(
        {
            "_type": STATEMENT_TYPE,
            "subject": [
                {"name": piece.name, "digest": {"sha256": piece.sha256}} for piece in bundle.members
            ],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "madeAt": bundle.made_at,
                "sizes": {piece.name: piece.size_bytes for piece in bundle.members},
                "repositories": [_describe(repo) for repo in bundle.repositories],
            },
        }
    )


def parse_statement(payload: bytes) -> Bundle:
    """What was signed; raises BadBundle or BadSignature unless all its parts agree."""
    statement = object_in(payload, "the bundle's statement")
    if statement.get("_type") != STATEMENT_TYPE or statement.get("predicateType") != PREDICATE_TYPE:
        raise BadBundle("what was signed is not a bundle of repositories")
    predicate = member(statement, "predicate", dict)
    members = _members(member(statement, "subject", list), member(predicate, "sizes", dict))
    described = member(predicate, "repositories", list)
    if not 0 < len(described) <= MAX_REPOSITORIES:
        raise BadBundle(f"the bundle says that it holds {len(described)} repositories")
    repositories = [_repository(number, item, members) for number, item in enumerate(described)]
    bundle = Bundle(
        made_at=str(member(predicate, "madeAt", str))[:40],
        repositories=repositories,
        large_files={
            piece.sha256: piece.size_bytes
            for name, piece in members.items()
            if name.startswith("large/")
        },
    )
    if [*members.values()] != bundle.members:
        raise BadBundle("the bundle's members are not those of its repositories, in order")
    if missing := {oid for repo in repositories for oid in repo.large_files} - {
        *bundle.large_files
    }:
        raise BadBundle(f"the bundle lacks large file {min(missing)}")
    return bundle


def _describe(repo: BundledRepository) -> dict[str, Any]:
    return {
        "kind": str(repo.name.kind),
        "name": repo.name.full,
        "private": repo.is_private,
        "gated": repo.gated,
        "sdk": repo.sdk,
        "refs": dict(repo.refs),
        "largeFiles": sorted(repo.large_files),
    }


def _members(subjects: list[Any], sizes: Mapping[str, Any]) -> dict[str, Member]:
    if len(subjects) > MAX_LARGE_FILES + MAX_REPOSITORIES:
        raise BadBundle(f"the bundle lists {len(subjects)} members")
    members: dict[str, Member] = {}
    for subject in subjects:
        if not isinstance(subject, dict):
            raise BadBundle(f"the bundle lists {short(subject)} as a member")
        name, digest = member(subject, "name", str), member(subject, "digest", dict)
        sha256, size_bytes = digest.get("sha256"), sizes.get(name)
        if not isinstance(sha256, str) or not is_sha256(sha256):
            raise BadBundle(f"the SHA-256 of {short(name)} is {short(sha256)}")
        if type(size_bytes) is not int or not 0 <= size_bytes <= MAX_FILE_BYTES:
            raise BadBundle(f"the size of {short(name)} is {short(size_bytes)}")
        members[name] = Member(name, sha256, size_bytes)
    if len(members) != len(subjects) or members.keys() != sizes.keys():
        raise BadBundle("the bundle lists a member twice, or without a size")
    return members


def _repository(number: int, item: Any, members: Mapping[str, Member]) -> BundledRepository:
    if not isinstance(item, dict) or pack_name(number) not in members:
        raise BadBundle(f"the bundle's repository {number} is {short(item)}")
    gated, sdk = item.get("gated"), item.get("sdk")
    if gated not in (None, "auto", "manual") or not (sdk is None or isinstance(sdk, str)):
        raise BadBundle(f"the bundle's repository {number} is gated {short(gated)}")
    large = member(item, "largeFiles", list)
    if not all(isinstance(sha256, str) for sha256 in large):
        raise BadBundle(f"the bundle's repository {number} lists odd large files")
    return BundledRepository(
        name=_name(member(item, "kind", str), member(item, "name", str)),
        is_private=member(item, "private", bool),
        gated=gated,
        sdk=sdk,
        refs=_refs(member(item, "refs", dict)),
        pack=members[pack_name(number)],
        large_files=tuple(large),
    )


def _name(kind: str, full_name: str) -> RepositoryName:
    namespace, _, name = full_name.partition("/")
    try:
        return RepositoryName(
            Kind(kind), check_account_name(namespace), check_repository_name(name)
        )
    except (ValueError, BadName) as e:
        raise BadBundle(f"the bundle holds {short(kind)} {short(full_name)}") from e


def _refs(found: Mapping[str, Any]) -> dict[str, str]:
    if len(found) > MAX_REFS:
        raise BadBundle(f"a repository of the bundle has {len(found)} refs")
    for name, oid in found.items():
        if not name.startswith((refs.BRANCHES, refs.TAGS)) or not (
            isinstance(oid, str) and _OID.fullmatch(oid)
        ):
            raise BadBundle(f"the bundle says that {short(name)} is at {short(oid)}")
        try:
            refs.check_short_name(name.removeprefix(refs.BRANCHES).removeprefix(refs.TAGS))
        except BadName as e:
            raise BadBundle(f"the bundle has a ref {short(name)}") from e
    return dict(found)
