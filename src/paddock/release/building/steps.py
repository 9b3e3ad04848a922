"""Steps of a build: each is done once, recorded when it is on the medium, and skipped afterwards.

A step has a name, a key and a folder. The key is a SHA-256 over the version of the step's code, its
parameters and its inputs; a finished step counts only while its key is the wanted one and its files
still have their digests. What a killed process left half done is deleted before the step is done
again. Knows files and keys; does not know what any step does.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import rfc8785

from paddock.checkpoint.output_folder import sync_folder
from paddock.digest import Digests
from paddock.release.building.earlier_build import EarlierBuild
from paddock.release.errors import SourceChanged
from paddock.release.files.folder import list_folder
from paddock.release.files.paths import path_problem
from paddock.release.files.reading import digest_beneath, lone_blake3_beneath, opened_folder

_RECORD_SUFFIX, _PARTIAL_SUFFIX = ".json", ".partial"
MAX_RECORD_BYTES = 64 << 20


class Made(NamedTuple):
    """What a step says when it has written its folder.

    ``digests`` are of files that it knows already, so that nobody reads them again; ``result`` is
    anything that JSON can hold.
    """

    digests: Mapping[str, Digests]
    result: Any = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A step that is done: its folder, the digests of all files in it, and what it found."""

    folder: Path
    files: Mapping[str, Digests]
    result: Any
    again: bool  # it was done before, by this or another process

    @property
    def root(self) -> str:
        """One digest for everything that the step made, for the keys of the steps after it."""
        rows = [[path, self.files[path].sha256] for path in sorted(self.files)]
        return hashlib.sha256(rfc8785.dumps([rows, self.result])).hexdigest()


def step_key(version: int, **inputs: Any) -> str:
    """The key of a step: raise ``version`` when the step's code would make other bytes."""
    return hashlib.sha256(rfc8785.dumps({"version": version, "inputs": inputs})).hexdigest()


class Steps:
    """The finished steps below one folder, one process's; threads may do steps of other names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.earlier: EarlierBuild | None = None  # a finished build whose files may be shared
        folder.mkdir(parents=True, exist_ok=True)

    def run(
        self, name: str, key: str, make: Callable[[Path], Made], *, or_key: str | None = None
    ) -> Finished:
        """The step ``name``, done now unless it was done before with this key, or with ``or_key``.

        ``make`` gets an empty folder; whatever it raises leaves the step undone.
        """
        for wanted in filter(None, (key, or_key)):
            found = self.find(name, wanted) or self._adopted(name, wanted)
            if found is not None:
                return found
        folder, partial = self._folder / name, self._folder / f"{name}{_PARTIAL_SUFFIX}"
        self.forget(name)
        partial.mkdir()
        try:
            made = make(partial)
            files = _on_medium(partial, made.digests)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        partial.rename(folder)
        self._record(name, key, files, made.result)
        return Finished(folder, files, _as_read(made.result), again=False)

    def find(self, name: str, key: str) -> Finished | None:
        """The step as it was done before; None if it was not, or is not what was recorded."""
        record = self._read(name)
        if record is None or record.get("key") != key:
            return None
        folder = self._folder / name
        try:
            files = {path: Digests(*each) for path, each in record["files"].items()}
            if not _is_as_recorded(folder, files):
                return None
            return Finished(folder, files, record["result"], again=True)
        except (KeyError, TypeError, AttributeError, OSError):
            return None

    @property
    def records(self) -> dict[str, Any]:
        """What is recorded of every step that was done."""
        names = sorted(path.stem for path in self._folder.glob(f"*{_RECORD_SUFFIX}"))
        return {name: record for name in names if (record := self._read(name)) is not None}

    def forget(self, name: str) -> None:
        """Delete what there is of a step, the record first."""
        self._record_path(name).unlink(missing_ok=True)
        for left in (self._folder / name, self._folder / f"{name}{_PARTIAL_SUFFIX}"):
            if left.exists():
                shutil.rmtree(left)

    def keep_only(self, names: set[str]) -> None:
        """Forget every other step: what an earlier release file asked for, and its room."""
        known = {path.name for path in self._folder.iterdir()}
        for name in {n.removesuffix(_RECORD_SUFFIX).removesuffix(_PARTIAL_SUFFIX) for n in known}:
            if name not in names:
                self.forget(name)

    def _adopted(self, name: str, key: str) -> Finished | None:
        """The step as an earlier build did it, whose files get a second name here."""
        record = self.earlier.records.get(name) if self.earlier else None
        if self.earlier is None or not isinstance(record, dict) or record.get("key") != key:
            return None
        folder, partial = self._folder / name, self._folder / f"{name}{_PARTIAL_SUFFIX}"
        self.forget(name)
        try:
            files = {path: Digests(*each) for path, each in record["files"].items()}
            partial.mkdir()
            for path in files:
                if path_problem(path) is not None:
                    raise OSError(f"{path} is no name of a file")
                (partial / path).parent.mkdir(parents=True, exist_ok=True)
                os.link(self.earlier.folder / path, partial / path, follow_symlinks=False)
            if not _is_as_recorded(partial, files):
                raise OSError("the files are others by now")
            result = record["result"]
        except (KeyError, TypeError, AttributeError, OSError):
            self.forget(name)
            return None
        partial.rename(folder)
        self._record(name, key, files, result)
        return Finished(folder, files, result, again=True)

    def _record(self, name: str, key: str, files: Mapping[str, Digests], result: Any) -> None:
        content = json.dumps({"key": key, "files": files, "result": result}).encode()
        path = self._record_path(name)
        draft = path.with_suffix(".draft")
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self._folder)  # the step's folder has its name before its record has
        draft.rename(path)
        sync_folder(self._folder)

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            with self._record_path(name).open("rb") as file:
                record = json.loads(file.read(MAX_RECORD_BYTES))
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) else None

    def _record_path(self, name: str) -> Path:
        return self._folder / f"{name}{_RECORD_SUFFIX}"


def _on_medium(folder: Path, known: Mapping[str, Digests]) -> dict[str, Digests]:
    """Every file of the folder with its digests, when all of it is on the medium."""
    with opened_folder(folder) as folder_fd:
        listing = list_folder(folder_fd)
        if listing.problems or listing.ignored:
            raise SourceChanged(f"a step of the build wrote what it may not: {listing.problems}")
        files = {
            path: known[path] if path in known else digest_beneath(folder_fd, path)
            for path in sorted(listing.files)
        }
    for path in files:
        with (folder / path).open("rb") as file:
            os.fsync(file.fileno())
    for inner in sorted(listing.folders, reverse=True):
        sync_folder(folder / inner)
    sync_folder(folder)
    return files


def _is_as_recorded(folder: Path, files: Mapping[str, Digests]) -> bool:
    """Whether the folder holds exactly these bytes; BLAKE3 alone tells, several times as fast."""
    with opened_folder(folder) as folder_fd:
        listing = list_folder(folder_fd)
        if listing.problems or set(listing.files) != set(files):
            return False
        return all(
            lone_blake3_beneath(folder_fd, path) == (known.size_bytes, known.blake3)
            for path, known in files.items()
        )


def _as_read(result: Any) -> Any:
    """As the record gives it back: the first time is like every other."""
    return json.loads(json.dumps(result))
