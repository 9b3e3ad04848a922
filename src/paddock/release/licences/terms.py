"""The terms of one licence as values: what it grants, asks and forbids, each with its own words.

Pure data, made from the tables by ``table``. What a text does not speak of is None: silence is
kept as silence and never read as a yes or a no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

GrantName = Literal["commercial", "modify", "redistribute", "outputs_train"]
GRANTS: tuple[GrantName, ...] = get_args(GrantName)

# How a model may come from another; the last two go by way of outputs.
Edge = Literal[
    "finetune", "adapter", "merge", "quantized", "distilled_from", "trained_on_outputs_of"
]
EDGES: tuple[Edge, ...] = get_args(Edge)
BY_OUTPUTS = frozenset({"distilled_from", "trained_on_outputs_of"})

DutyKind = Literal[
    "copy_licence",  # its text goes with the model
    "notice_file",  # a sentence in a notice file
    "display",  # words on a page about the model
    "name_prefix",  # how the model's name begins
    "mark_changes",  # changed files say so
    "keep_notices",  # what the parent's own notice files say
    "pass_restrictions",  # its limits of use bind the next user by contract
    "same_terms",  # a changed version stays under it
    "aup",  # a policy of acceptable use
    "register",  # tell the licensor
    "revenue_ceiling",
    "mau_ceiling",
    "territory_exclude",
]


class Words(NamedTuple):
    """A short quotation and where it stands."""

    at: str
    says: str


class Granted(NamedTuple):
    """True: allowed; False: forbidden; None: not spoken of."""

    value: bool | None = None
    words: Words | None = None


class DutyTerm(NamedTuple):
    """One thing a licence asks."""

    kind: DutyKind
    words: Words
    text: str | None = None  # what must appear, exactly
    url: str | None = None
    triggers: frozenset[str] = frozenset({"materials"})  # and, or instead, outputs
    limit: int | None = None  # users, or US dollars
    scope: str | None = None  # multimodal: only for models of that kind
    asks: str | None = None  # the declaration that decides it
    names: tuple[str, ...] = ()  # words by which gated terms pass it on
    ships: bool = False  # the policy itself must be among the files


class KnownText(NamedTuple):
    """The words of a licence as a digest: ``chars`` plain characters that begin with ``start``."""

    start: str
    chars: int
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """A row of the table; two rows are the same when they are one object."""

    id: str
    name: str
    ids: frozenset[str]  # every spelling, in lower case
    hub_id: str | None = None
    source: str = ""  # which text this was read from
    models: str | None = None  # a pattern for the ids of its maker's models
    text_required: bool = False  # also from who chooses it for work of their own
    grants: Mapping[str, Granted] = field(default_factory=dict)
    duties: tuple[DutyTerm, ...] = ()
    scope: Mapping[str, bool | None] = field(default_factory=dict)  # edge: does it reach across?
    outputs_except: frozenset[str] = frozenset()  # licences whose models outputs may improve
    no_further: Words | None = None  # it forbids to add restrictions
    compatible: frozenset[str] = frozenset()  # other licences that its models may go under
    ends_on_suit: bool | None = None
    texts: tuple[KnownText, ...] = ()
    policies: tuple[KnownText, ...] = ()

    def grant(self, name: str) -> Granted:
        """What is said of ``name``; silence where nothing is."""
        return self.grants.get(name, Granted())

    def asks(self, kind: DutyKind) -> DutyTerm | None:
        """The duty of this kind, if there is one."""
        return next((duty for duty in self.duties if duty.kind == kind), None)

    @property
    def binds(self) -> bool:
        """Whether models made from its own stay under it, by its own words."""
        return any(duty.kind in _BINDING for duty in self.duties)

    @property
    def is_restrictive(self) -> bool:
        """Whether it takes something away from whoever holds it."""
        return self.binds or any(granted.value is False for granted in self.grants.values())


_BINDING = frozenset(
    {"pass_restrictions", "same_terms", "aup", "revenue_ceiling", "mau_ceiling", "name_prefix"}
)
