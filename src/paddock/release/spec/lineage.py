"""``lineage``: the models that this one came from, as declared."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from paddock.release.spec.section import AlsoWritten, FilePath, Listed, Section, Sha256, Text

Relation = Literal["finetune", "adapter", "merge", "quantized"]


class Digest(Section):
    """What identifies the bytes of a parent."""

    sha256: Sha256 = Field(description="The SHA-256, in hex.")


class Ancestor(Section):
    """A model this one came from."""

    id: Text = Field(description="NAMESPACE/NAME, or another name it is known by.")
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
