"""What a release would be: which files, in which form, under which terms, and what forbids it.

Pure: takes the specification and what is known about the source, touches nothing. A plan with a
condition that is not met must not be built; the refusal quotes every one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from paddock.release.documents.complete import document_checks
from paddock.release.documents.evaluations.result_files import is_result_file
from paddock.release.documents.gathering import DocumentInputs, Known, gather
from paddock.release.documents.write import written_paths
from paddock.release.errors import GateRefused
from paddock.release.evidence import Check, unmet
from paddock.release.files.formats import role_of
from paddock.release.files.paths import matching
from paddock.release.gate.waivers import foreseen
from paddock.release.licences.judgement import Judgement
from paddock.release.licences.judging import Around, judge
from paddock.release.planning.about import paths_about
from paddock.release.planning.conditions import is_template, source_checks
from paddock.release.planning.left_out import left_out
from paddock.release.planning.source import Model, Source
from paddock.release.spec.components import CARD, PARAMETERS
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.withholding.withheld import Withheld

MAX_QUOTED = 20
_TO_RUN = frozenset({"weights", "config", "tokenizer", "chat_template"})  # roles of parameters


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of the source that is copied into the release."""

    path: str
    size_bytes: int
    role: str
    component: str | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file of the source that is not released, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that building and publishing will do."""

    spec: ReleaseSpec
    source: str
    model: Model
    copied: tuple[PlannedFile, ...]
    left_out: tuple[LeftOut, ...]
    checks: tuple[Check, ...]
    judgement: Judgement = field(default_factory=Judgement)
    withheld: Withheld = field(default_factory=Withheld)  # without commitments
    authors_text: str | None = None
    front_matter: str | None = None  # of the author's README
    document_inputs: DocumentInputs = field(default_factory=DocumentInputs)
    written: tuple[str, ...] = ()  # paths of what the build writes about it
    assumptions: tuple[str, ...] = ()

    @property
    def blocks(self) -> tuple[str, ...]:
        """What forbids the release, a sentence each."""
        return tuple(check.sentence for check in self.blocking)

    @property
    def blocking(self) -> list[Check]:
        """What forbids the release, but for what is to be waived: the gate judges the waivers."""
        waived = foreseen(self.spec, self.checks)
        return [check for check in unmet(self.checks) if check.id not in waived]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is worth saying and stops nothing."""
        return tuple(check.sentence for check in self.checks if check.status == "warned")

    def component_of(self, path: str, role: str) -> str | None:
        """The component that a file belongs to: the one that claims it, or the obvious one."""
        return component_of(self.spec, path, role)


def make_plan(
    spec: ReleaseSpec,
    source: Source,
    withheld: Withheld | None = None,
    around: Around | None = None,
    inputs: DocumentInputs | None = None,
) -> Plan:
    """Decide about every file; ``withheld`` is what its rules mean, ``around`` what parents say.

    ``inputs`` are the files that documents are made of.
    """
    withheld = withheld or Withheld()
    verified = around.parents if around else ()
    signed = {p.id: p.sha256 for p in verified if p.signed_by is not None and p.sha256 is not None}
    inputs = (inputs or DocumentInputs()).believing(signed)
    written = written_paths(gather(spec, inputs, Known(measured=source.model.facts)))
    staying = left_out(spec, source, written)
    kept = [path for path in sorted(source.listing.files) if path not in staying]
    copied = tuple(
        PlannedFile(
            path, source.listing.files[path].size_bytes, role, component_of(spec, path, role)
        )
        for path in kept
        for role in (role_of(path),)
    )
    leaving = {path: text for path, text in source.texts.items() if path in kept}
    card_text = source.readme if inputs.card_text is None else inputs.card_text
    judgement = judge(spec, leaving, card_text, around)
    known = Known(
        measured=source.model.facts,
        readme="" if is_template(source.readme) else source.readme,
        front_matter=source.front_matter,
        is_chat=source.model.is_chat,
        judgement=judgement,
        withheld=withheld,
        texts={path: text.encode() for path, text in leaving.items() if is_result_file(path)},
    )
    return Plan(
        spec=spec,
        source=source.path,
        model=source.model,
        copied=copied,
        left_out=tuple(LeftOut(path, staying[path]) for path in sorted(staying)),
        checks=(
            *source_checks(spec, source, kept),
            *judgement.checks,
            *withheld.checks,
            *document_checks(gather(spec, inputs, known)),
            *_worth_saying(spec, copied),
        ),
        judgement=judgement,
        withheld=withheld,
        authors_text=known.readme or None,
        front_matter=source.front_matter,
        document_inputs=inputs,
        written=tuple(sorted({*paths_about(spec, withholds=bool(withheld.items)), *written})),
    )


def component_of(spec: ReleaseSpec, path: str, role: str) -> str | None:
    """The component that a file belongs to: the one that claims it, or the obvious one.

    None for what goes with every component (licences, notices, documents) and for the rest.
    """
    for component in spec.components:
        if any(matching(pattern, [path]) for pattern in component.paths):
            return component.name
    return CARD if role == "card" else PARAMETERS if role in _TO_RUN else None


def require_unblocked(plan: Plan) -> None:
    """Raise GateRefused with every reason, if there is one."""
    if refused := plan.blocking:
        reasons = "; ".join(check.sentence for check in refused[:MAX_QUOTED])
        more = f"; and {len(refused) - MAX_QUOTED} more" if len(refused) > MAX_QUOTED else ""
        raise GateRefused(
            f"the release is refused: {reasons}{more}",
            hint=refused[0].hint or "see every condition with `paddock release plan`",
        )


def _worth_saying(spec: ReleaseSpec, copied: tuple[PlannedFile, ...]) -> list[Check]:
    said = [
        Check(f"formats.code:{file.path}", "formats", "warned", f"{file.path} is Python code")
        for file in copied
        if file.path.endswith(".py")
    ]
    lone = [file.path for file in copied if file.role == "other" and file.component is None]
    if spec.components and lone:
        more = f" and {len(lone) - MAX_QUOTED} more" if len(lone) > MAX_QUOTED else ""
        sentence = f"no component claims {', '.join(lone[:MAX_QUOTED])}{more}"
        said.append(Check("formats.component", "formats", "warned", sentence))
    if not any(file.role == "license" for file in copied):
        sentence = "no licence text is shipped: add a LICENSE file to the source"
        said.append(Check("licence.text", "licence", "warned", sentence))
    return said
