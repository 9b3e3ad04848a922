"""Looks around a release: parents that lie beside it, signed declarations, names in its files.

The thin file with the effects: bounded, without following links, nothing outside the folder of the
release file. What cannot be read becomes a condition that is not met, where it matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from paddock.checkpoint.errors import BadConfig
from paddock.checkpoint.gguf.reading import read_gguf
from paddock.checkpoint.gguf.values import text_at
from paddock.checkpoint.strict_json import load_object
from paddock.digest import sha256_hex
from paddock.errors import BadInput, PaddockError
from paddock.front_matter import CARD_NAME, BadFrontMatter, parse_front_matter, split_document
from paddock.release.errors import BadReleaseFile, SourceChanged
from paddock.release.files.folder import list_folder
from paddock.release.files.paths import matching
from paddock.release.files.reading import opened_folder, read_beneath
from paddock.release.licences.declaration import (
    MAX_DECLARATION_BYTES,
    PAYLOAD_TYPE,
    keys_of_people,
    open_declaration,
)
from paddock.release.licences.local_parents import local_parents, sizes_of
from paddock.release.licences.material import (
    Around,
    SignedDeclaration,
)
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.spec.yaml_tree import parse_yaml
from paddock.signing.errors import BadKey
from paddock.signing.keys import MAX_KEY_FILE_BYTES, TrustedKey
from paddock.signing.public_keys import PublicKey, public_key_in

MAX_TEXT_BYTES = 1 << 20
MAX_STATEMENTS = 1000
MAX_COMPARED = 20  # models that lie beside the release file
_ORIGIN_KEYS = {
    "config.json": "_name_or_path",
    "adapter_config.json": "base_model_name_or_path",
}
_REPOSITORY = re.compile(r"[0-9A-Za-z][\w.-]{0,95}/[0-9A-Za-z][\w.-]{0,95}")
_HUB = re.compile(r"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/")
_MAX_BASES = 16


def look_around(
    spec: ReleaseSpec, base: Path, folder: Path, trust: Sequence[TrustedKey] = ()
) -> Around:
    """Everything that licences are judged by besides the texts that leave.

    ``base`` is the folder of the release file, ``folder`` the source. Raises BadReleaseFile for a
    path that leads out of ``base``, BadKey for a key of gate.people that cannot be read.
    """
    return Around(
        parents=tuple(local_parents(spec, base, folder, trust)),
        declarations=_declarations(spec, base),
        embedded=tuple(dict.fromkeys(_embedded(folder))),
        texts=_further_texts(spec, base, folder),
        datasets=tuple(_datasets(spec, base)),
    )


def _declarations(spec: ReleaseSpec, base: Path) -> tuple[SignedDeclaration, ...]:
    """The declarations among the signed statements."""
    folder = base / spec.gate.statements
    if not folder.is_dir():
        return ()
    if not folder.resolve().is_relative_to(base.resolve()):
        raise BadReleaseFile(f"gate.statements: {spec.gate.statements!r} leads out of {base}")
    with opened_folder(folder) as folder_fd:
        names = sorted(name for name in list_folder(folder_fd).files if name.endswith(".json"))
        if len(names) > MAX_STATEMENTS:
            raise BadReleaseFile(f"{folder} holds {len(names)} statements")
        raws = {name: read_beneath(folder_fd, name, 2 * MAX_DECLARATION_BYTES) for name in names}
    wanted = {name: raw for name, raw in raws.items() if PAYLOAD_TYPE.encode() in raw}
    if not wanted:
        return ()
    people = {person: public_key_at(base, key) for person, key in keys_of_people(spec).items()}
    return tuple(
        open_declaration(f"{spec.gate.statements}/{name}", raw, sha256_hex(raw), people)
        for name, raw in wanted.items()
    )


def public_key_at(base: Path, path: str) -> PublicKey:
    """The public key in a file beside the release file; raises BadKey."""
    try:
        with opened_folder(base) as base_fd:
            return public_key_in(read_beneath(base_fd, path, MAX_KEY_FILE_BYTES), path)
    except (OSError, SourceChanged) as e:
        raise BadKey(f"the key file {path} cannot be read") from e


def _embedded(folder: Path) -> Iterator[tuple[str, str]]:
    """Names of other models in configurations, the card and GGUF files."""
    for file, key in _ORIGIN_KEYS.items():
        if (folder / file).is_file():
            try:
                value = load_object(folder / file, BadConfig).get(key)
            except PaddockError:
                continue
            if isinstance(value, str) and _REPOSITORY.fullmatch(value):
                yield file, value
    yield from ((CARD_NAME, name) for name in _bases_of_card(folder / CARD_NAME))
    for path in sorted(folder.glob("*.gguf")):
        yield from ((path.name, name) for name in _bases_of_gguf(path))


def _bases_of_card(path: Path) -> list[str]:
    if not path.is_file():
        return []
    with path.open("rb") as file:
        text = file.read(MAX_TEXT_BYTES).decode("utf-8", "replace")
    try:
        card = parse_front_matter(split_document(text).front_matter or "")
    except (BadFrontMatter, PaddockError):
        return []
    said = card.get("base_model") if isinstance(card, dict) else None
    names = said if isinstance(said, list) else [said]
    found = [name for name in names[:_MAX_BASES] if isinstance(name, str)]
    return [name for name in found if _REPOSITORY.fullmatch(name)]


def _bases_of_gguf(path: Path) -> Iterator[str]:
    try:
        metadata = read_gguf(path).metadata
    except (BadInput, OSError):
        return
    for number in range(_MAX_BASES):
        url = text_at(metadata, f"general.base_model.{number}.repo_url")
        name = _HUB.sub("", url).strip("/") if url is not None else ""
        if _REPOSITORY.fullmatch(name):
            yield name


def _further_texts(spec: ReleaseSpec, base: Path, folder: Path) -> dict[str, str]:
    """Policies and licences of one's own in the source, and the terms of access beside it."""
    named = [licence.file for licence in spec.licenses.custom]
    sizes = sizes_of(folder) if named or spec.licenses.acceptable_use_file else {}
    for pattern in spec.artifacts.exclude:
        sizes = {path: sizes[path] for path in sizes.keys() - set(matching(pattern, [*sizes]))}
    if spec.licenses.acceptable_use_file is not None:
        named += matching(spec.licenses.acceptable_use_file, sorted(sizes))
    found = _read_texts(folder, [path for path in dict.fromkeys(named) if path in sizes])
    terms = spec.access_section.terms if spec.access_section is not None else None
    if terms is not None and terms not in found:
        place = folder if (folder / terms).is_file() else base
        found |= _read_texts(place, [terms] if (place / terms).is_file() else [])
    return found


def _datasets(spec: ReleaseSpec, base: Path) -> Iterator[tuple[str, str]]:
    """Licences of the data sets that were trained on; what is wrong in a file is told elsewhere."""
    for name, text in _read_texts(
        base, [n for n in spec.docs.datasets if (base / n).is_file()]
    ).items():
        try:
            tree = parse_yaml(text.encode(), name).value
        except PaddockError:
            continue
        said = {key: node.value for key, node in tree.items()} if isinstance(tree, dict) else {}
        uses = said.get("uses", "training")
        trained = [use.value for use in uses] if isinstance(uses, list) else [uses]
        licence = said.get("licence")
        if "training" in trained and isinstance(licence, str):
            yield str(said.get("name", name))[:200], licence


def _read_texts(folder: Path, paths: Sequence[str]) -> dict[str, str]:
    with opened_folder(folder) as folder_fd:
        return {
            path: read_beneath(folder_fd, path, MAX_TEXT_BYTES - 1).decode("utf-8", "replace")
            for path in paths[:MAX_COMPARED]
        }
