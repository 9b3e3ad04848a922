"""What finished files say of their own terms and origin, held against what release.yaml says.

A file travels alone: its metadata is all that its next holder may see. Reads headers of GGUF and
safetensors files and ``config.json``, bounded by their readers; a file that says nothing is silent,
and one that says otherwise is a conflict that quotes both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.errors import BadCheckpoint, BadConfig
from paddock.checkpoint.gguf.reading import read_gguf
from paddock.checkpoint.gguf.values import text_at
from paddock.checkpoint.safetensors.reading import read_header
from paddock.checkpoint.strict_json import load_object
from paddock.errors import shown
from paddock.release.evidence import Check, Evidence, Status
from paddock.release.licences.card_licence import card_licence, is_unknown
from paddock.release.licences.expression import names_in
from paddock.release.licences.table import known_licences
from paddock.release.spec.release_spec import ReleaseSpec

MAX_BASES = 16
_LICENCE_KEY = re.compile(r"(?:.*[._-])?licen[cs]e(?:[._-](?:name|id))?", re.IGNORECASE)
_BASE_KEY = re.compile(
    r"(?:.*[._-])?base_model(?:_name_or_path|_id|\.\d+\.(?:repo_url|name))?", re.IGNORECASE
)
_WEIGHTS = (".gguf", ".safetensors")  # what configurations name was judged in the source
_REPOSITORY = re.compile(r"[0-9A-Za-z][\w.-]{0,95}/[0-9A-Za-z][\w.-]{0,95}")
_HUB = re.compile(r"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/")


class Said(NamedTuple):
    """A value of a file's metadata."""

    path: str
    key: str
    value: str


class Inside(NamedTuple):
    """Everything that the files say."""

    licences: tuple[Said, ...]
    bases: tuple[Said, ...]  # NAMESPACE/NAME of models


def read_inside(folder: Path, paths: Iterable[str]) -> Inside:
    """What these files of a folder say; one that its reader refuses is judged elsewhere."""
    licences, bases = list[Said](), list[Said]()
    for path in sorted(paths):
        for key, value in _values(folder / path):
            said = Said(path, key, value)
            if _LICENCE_KEY.fullmatch(key):
                licences.append(said)
            elif path.endswith(_WEIGHTS) and _BASE_KEY.fullmatch(key):
                name = _HUB.sub("", value).strip("/")
                if _REPOSITORY.fullmatch(name):
                    bases.append(said._replace(value=name))
    return Inside(tuple(licences), tuple(bases))


def inside_checks(spec: ReleaseSpec, inside: Inside) -> Iterator[Check]:
    """One condition for each value that is not what release.yaml says."""
    declared = spec.licenses.distribution
    wrong = 0
    for said in dict.fromkeys(inside.licences):
        if _agrees(said, declared):
            continue
        wrong += 1
        status: Status = "warned" if is_unknown(declared) else "unmet"
        yield Check(
            f"licence.inside:{said.path}:{said.key}"[:200], "licence", status,
            f"{said.path} says {said.key} = {shown(said.value)}, and licenses.distribution is "
            f"{shown(declared)}",
            (_evidence(said), Evidence("licenses.distribution", declared)),
            "correct the file's metadata, or what release.yaml says",
        )  # fmt: skip
    named = _named(spec)
    for said in dict.fromkeys(inside.bases):
        if _plain(said.value) not in named:
            wrong += 1
            yield Check(
                f"licence.inside:{said.path}:{said.key}"[:200], "licence", "unmet",
                f"{said.path} says that it was made from {shown(said.value)} ({said.key}), which "
                "lineage does not name",
                (_evidence(said),), "name it in lineage, or correct the file's metadata",
            )  # fmt: skip
    count = len(inside.licences) + len(inside.bases)
    if count and not wrong:
        sentence = f"{count} entries in the files' metadata say the same as release.yaml"
        yield Check("licence.inside", "licence", "met", sentence)


def _values(path: Path) -> Iterator[tuple[str, str]]:
    try:
        if path.suffix == ".gguf":
            metadata = read_gguf(path).metadata
            for key in ("general.license", "general.license.name"):
                yield key, text_at(metadata, key) or ""
            for number in range(MAX_BASES):
                own = f"general.base_model.{number}."
                yield f"{own}repo_url", text_at(metadata, f"{own}repo_url") or ""
                organization = text_at(metadata, f"{own}organization") or ""
                yield f"{own}name", f"{organization}/{text_at(metadata, f'{own}name') or ''}"
        elif path.suffix == ".safetensors":
            yield from read_header(path).metadata.items()
        elif path.name in {"config.json", "adapter_config.json"}:
            for key, value in load_object(path, BadConfig).items():
                for each in value if isinstance(value, list) else [value]:
                    if isinstance(each, str):
                        yield key, each
    except (BadCheckpoint, OSError):
        return


def _agrees(said: Said, declared: str) -> bool:
    """Whether a value is the declared terms or, in an expression, one of them."""
    value = said.value.strip().lower()
    names = {declared.strip().lower(), *(name.lower() for name in names_in(declared))}
    if not value or value in names:
        return True
    own = card_licence(declared)
    if value in {own.license, (own.license_name or "").lower()} - {"unknown"}:
        return True
    row = known_licences().find(value)
    rows = {found.id for name in names if (found := known_licences().find(name)) is not None}
    return row is not None and row.id in rows


def _named(spec: ReleaseSpec) -> set[str]:
    """The models of lineage, and this one by its own names."""
    lineage = spec.lineage
    models = (*lineage.base_model, *lineage.distilled_from, *lineage.trained_on_outputs_of)
    repos = [repo for there in spec.publish if (repo := getattr(there, "repo", None))]
    return {_plain(id_) for id_ in (*(model.id for model in models), *repos)}


def _plain(id_: str) -> str:
    """Meta's older repositories write Meta- before the same name."""
    space, _, name = id_.lower().rpartition("/")
    return f"{space}/{name.removeprefix('meta-')}"


def _evidence(said: Said) -> Evidence:
    return Evidence(f"{said.key} in {said.path}", said.value[:200], said.path)
