"""A loader whose models have their policy: that of their folder, or the operator's.

A folder that is a signed release has a policy only where its manifest lists one, with the digest
that it has now; the signature itself is checked before anything is loaded. Whoever made a model may
forbid what they like, and learn nothing by it: a policy that came with one sends no text, key or
question anywhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from paddock.errors import Refused, shown
from paddock.release.files.manifest import MANIFEST_NAME, SIGNATURE_NAME, parse_manifest
from paddock.release.spec.yaml_tree import MAX_YAML_BYTES
from paddock.serve.models.catalogue import Adapter, Entry
from paddock.serve.models.loaded import Loaded, Loader, Need
from paddock.serve.models.residents import Residents
from paddock.serve.policy.document import JudgeSpec, Policy
from paddock.serve.policy.errors import BadPolicy
from paddock.serve.policy.judging import Judge
from paddock.serve.policy.policed import Policed
from paddock.serve.policy.reading import parse_policy

if TYPE_CHECKING:
    from paddock.serve.models.sources import Source

POLICY_NAME: Final = "policy.yaml"
_HUB_NAME: Final = re.compile(r"\w[\w.-]*/\w[\w.-]*(?:@[\w./-]+)?", re.ASCII)
NO_POLICY: Final = "none"


class PolicyNotSigned(Refused):
    """A signed release's folder holds a policy that is not what was signed."""

    code = "policy_not_signed"


def find_policy(model: Path, operators: str = "") -> Policy | None:
    """The policy of the model at this path: the operator's file, ``none``, or the model's own.

    Raises BadPolicy, PolicyNotSigned, OSError.
    """
    if operators == NO_POLICY:
        return None
    if operators:
        return parse_policy(_content(Path(operators).expanduser()), operators)
    folder = model if model.is_dir() else model.parent
    path = folder / POLICY_NAME
    signed = _signed_digest(folder)
    if not path.exists():
        if signed is not None:
            raise PolicyNotSigned(f"{folder} was signed with a {POLICY_NAME}, which is missing")
        return None
    content = _content(path)
    if signed is not None and hashlib.sha256(content).hexdigest() != signed:
        raise PolicyNotSigned(
            f"{path} is not the policy that was signed",
            hint="get the release again, or name a policy of your own with --policy",
        )
    policy = parse_policy(content, str(path))
    for judge in policy.judges:
        _check_foreign(judge, path)
    return policy


def _check_foreign(judge: JudgeSpec, path: Path) -> None:
    """Refuse what only the operator may want of this machine."""
    if judge.url is not None:
        wish = f"sends texts to {shown(judge.url)}"
    elif judge.llama_guard is not None and not _HUB_NAME.fullmatch(judge.llama_guard):
        wish = f"opens {shown(judge.llama_guard)} on this machine"
    else:
        return
    raise BadPolicy(
        f"{path} came with a model, and its judge {judge.id} {wish}",
        hint="where that is your own wish, name the file with --policy",
    )


def _signed_digest(folder: Path) -> str | None:
    """Of the policy that the release's manifest names; None where there is no release or none."""
    if not (folder / SIGNATURE_NAME).exists() or not (folder / MANIFEST_NAME).exists():
        return None
    manifest = parse_manifest((folder / MANIFEST_NAME).read_bytes())
    listed = {file.path: file.sha256 for file in manifest.files}
    if POLICY_NAME not in listed and (folder / POLICY_NAME).exists():
        raise PolicyNotSigned(f"{folder / POLICY_NAME} is not among the files that were signed")
    return listed.get(POLICY_NAME)


def _content(path: Path) -> bytes:
    if not path.is_file():  # a pipe would be waited for
        raise BadPolicy(f"there is no file {shown(str(path))} to read a use policy from")
    with path.open("rb") as file:
        content = file.read(MAX_YAML_BYTES + 1)
    if len(content) > MAX_YAML_BYTES:
        raise BadPolicy(f"{path} has more than {MAX_YAML_BYTES} bytes")
    return content


@dataclass(frozen=True, slots=True)
class _JudgeSource:
    """A model as a judge: apart from the same model as one that answers, which has a policy."""

    source: Source

    @property
    def key(self) -> str:
        return f"judge:{self.source.key}"

    @property
    def root(self) -> str:
        return self.source.root

    @property
    def repository(self) -> str | None:
        return self.source.repository

    @property
    def created(self) -> int:
        return self.source.created

    def fetch(self) -> Path:
        return self.source.fetch()


class Bench:
    """Where the judges that are models sit: loaded when they are asked, within the same budget."""

    def __init__(self, loader: Loader, find: Callable[[str], Source]) -> None:
        self._loader, self._find = loader, find
        self._entries: dict[str, Entry] = {}
        self.residents: Residents | None = None  # set once they are there

    @asynccontextmanager
    async def borrow(self, model: str) -> AsyncIterator[Loaded]:
        """The model of that name, loaded; raises what stands against that."""
        if self.residents is None:
            raise BadPolicy("a guard model is asked before there is room for any")
        entry = self._entries.get(model)
        if entry is None:
            source = _JudgeSource(self._find(model))
            entry = Entry(f"policy/{source.root}", source, label="policy", loader=self._loader)
            self._entries[model] = entry
        async with self.residents.hold(entry) as loaded:
            yield loaded


class PolicedLoader:
    """A ``Loader`` around another."""

    def __init__(self, loader: Loader, bench: Bench, operators: str = "") -> None:
        self._loader, self._bench, self._operators = loader, bench, operators

    def need(self, path: Path, adapters: tuple[Adapter, ...], budget_bytes: int) -> Need:
        return self._loader.need(path, adapters, budget_bytes)

    async def load(self, path: Path, adapters: tuple[Adapter, ...], need: Need) -> Loaded:
        guard = await asyncio.to_thread(self._guard, path)
        loaded = await self._loader.load(path, adapters, need)
        return loaded if guard is None else replace(loaded, guard=guard)

    def _guard(self, path: Path) -> Policed | None:
        policy = find_policy(path, self._operators)
        if policy is None:
            return None
        return Policed(policy, [(spec, self._judge(spec, policy)) for spec in policy.judges])

    def _judge(self, spec: JudgeSpec, policy: Policy) -> Judge:
        if spec.plugin is not None:
            from paddock.serve.policy.plugin import Plugin

            return Plugin(spec, policy)
        if spec.url is not None:
            from paddock.serve.policy.moderation import Moderation

            return Moderation(spec, policy)
        from paddock.serve.policy.llama_guard import LlamaGuard

        return LlamaGuard(spec, policy, self._bench.borrow)
