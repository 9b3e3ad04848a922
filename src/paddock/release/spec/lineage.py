"""``lineage``: the models that this one came from, as declared."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from paddock.errors import shown
from paddock.release.spec.section import (
    AlsoWritten,
    FilePath,
    Listed,
    Section,
    Sha256,
    Text,
    without_repeats,
    wrong,
)

Relation = Literal["finetune", "adapter", "merge", "quantized"]


def _model_id(value: str) -> str:
    """No letters that look like others: a name decides which maker's terms are looked up."""
    hidden = any(unicodedata.category(c) == "Cf" for c in value)
    if hidden or unicodedata.normalize("NFKC", value) != value:
        raise wrong(f"{shown(value)} has characters that are not seen, or that stand for others")
    for word in re.findall(r"\w+", value):
        scripts = {unicodedata.name(c, "?").split()[0] for c in word if c.isalpha()}
        if len(scripts) > 1 and "LATIN" in scripts:
            raise wrong(f"{shown(value)} mixes letters of {' and '.join(sorted(scripts)).title()}")
    return value


ModelId = Annotated[Text, AfterValidator(_model_id)]


class Digest(Section):
    """What identifies the bytes of a parent."""

    sha256: Sha256 = Field(description="The SHA-256, in hex.")


class Ancestor(Section):
    """A model this one came from."""

    id: ModelId = Field(description="NAMESPACE/NAME, or another name it is known by.")
    revision: Text | None = Field(None, description="The commit or tag that was used.")
    relation: Relation | None = Field(None, description="How this model was made from it.")
    license: Text | None = Field(None, description="Its licence: an SPDX id or the Hub's.")
    digest: Digest | None = Field(None, description="The root of its signed release.")
    path: FilePath | None = Field(
        None, description="A copy beside the release file: then what it is gets measured."
    )
    modified: bool = Field(True, description="Whether its material was changed.")


def _ancestor(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


Parent = Annotated[Ancestor, BeforeValidator(_ancestor), AlsoWritten(lambda _: {"type": "string"})]


class Lineage(Section):
    """Where the weights came from."""

    base_model: Listed[Parent] = Field((), description="Parents whose weights are in this model.")
    distilled_from: Listed[Parent] = Field((), description="Teachers whose outputs it imitates.")
    trained_on_outputs_of: Listed[Parent] = Field(
        (), description="Models whose texts were among the training data."
    )
    compare_with: Listed[FilePath] = Field(
        (),
        description="Folders of other models: the weights are compared with theirs, so that a "
        "parent that nobody named is found.",
    )

    @model_validator(mode="after")
    def _agrees(self) -> Lineage:
        everybody = (*self.base_model, *self.distilled_from, *self.trained_on_outputs_of)
        copies = {(each.id, each.path) for each in everybody if each.path is not None}
        without_repeats((id_ for id_, _ in sorted(copies)), "a model with two copies (path)")
        return self
