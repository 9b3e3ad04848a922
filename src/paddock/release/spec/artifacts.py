"""``artifacts``: what is taken from the source, how it is changed, and in which forms it leaves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from paddock.checkpoint.sizes import parse_size
from paddock.release.spec.components import Spans
from paddock.release.spec.section import (
    AlsoWritten,
    Count,
    FilePath,
    Glob,
    Listed,
    Many,
    Number,
    Section,
    Text,
    without_repeats,
    wrong,
)

MIN_SHARD_BYTES = 10**6


def _size(value: Any) -> Any:
    size_bytes = value if isinstance(value, int) else parse_size(str(value))
    if size_bytes is None or isinstance(value, bool):
        raise wrong(f"{value!r:.40} is not a size", "bytes, or like 5GB")
    if size_bytes < MIN_SHARD_BYTES:
        raise wrong(f"{size_bytes} bytes is too small", f"at least {MIN_SHARD_BYTES}")
    return size_bytes


Divergence = Annotated[float, Field(ge=0, strict=False, allow_inf_nan=False)]
Size = Annotated[int, BeforeValidator(_size), AlsoWritten(lambda _: {"type": "string"})]


class Source(Section):
    """The checkpoint and the files around it."""

    path: FilePath = Field(".", description="Its folder, relative to the release file's.")
    formats: Many[Literal["safetensors", "gguf", "pytorch", "meta", "numpy", "llama2.c"]] = Field(
        (), description="What the source may be; empty: whatever paddock reads."
    )
    exclude: Many[Glob] = Field((), description="Files that stay behind without being withheld.")


class MergeAdapter(Section):
    """Fold a LoRA adapter into the weights."""

    do: Literal["merge_adapter"] = Field(description="This kind of step.")
    path: FilePath = Field(description="The adapter's folder, in PEFT's format.")
    scale: Number = Field(1.0, description="How strongly, beside the adapter's own alpha.")


class Prune(Section):
    """Leave layers or feed-forward neurons out."""

    do: Literal["prune"] = Field(description="This kind of step.")
    layers: Spans | None = Field(None, description="Decoder layers to leave out.")
    keep_layers: Count | None = Field(
        None, description="How many to keep; those that change their input least go."
    )
    ffn_dim: Count | None = Field(None, description="Neurons to keep in each layer, by weight.")
    texts: Many[Glob] = Field((), description="Files of text that keep_layers judges by.")

    @model_validator(mode="after")
    def _one(self) -> Prune:
        if sum(x is not None for x in (self.layers, self.keep_layers, self.ffn_dim)) != 1:
            raise wrong("prune names one of layers, keep_layers, ffn_dim")
        if (self.keep_layers is None) == bool(self.texts):
            raise wrong("prune by keep_layers, and no other way, needs texts")
        return self


class TrimVocabulary(Section):
    """Leave tokens out that the kept texts never use."""

    do: Literal["trim_vocabulary"] = Field(description="This kind of step.")
    texts: Many[Glob] = Field(description="Files of text whose tokens stay.")
    keep: Count | None = Field(None, description="How many tokens stay at most; rare ones go.")


class Distil(Section):
    """Train the checkpoint to imitate another on given texts."""

    do: Literal["distil"] = Field(description="This kind of step.")
    teacher: FilePath = Field(description="The teacher's folder.")
    texts: Many[Glob] = Field(description="Files of text to learn on.")
    steps: Count = Field(200, description="Steps of training.")
    learning_rate: Number = Field(1e-4, description="The peak of its schedule.")
    seed: Count = Field(0, description="What the order of the texts is drawn from.")


class Quantise(Section):
    """Round the weights to fewer bits, and go on with what is left."""

    do: Literal["quantise"] = Field(description="This kind of step.")
    quant: Text = Field(description="A block type such as q4_0.")


DeriveStep = Annotated[
    MergeAdapter | Prune | TrimVocabulary | Distil | Quantise, Field(discriminator="do")
]


class Output(Section):
    """One form of the weights."""

    id: Text | None = Field(None, description="A name for it among the outputs.")
    format: Literal["safetensors", "gguf"] = Field("safetensors", description="Of the files.")
    dtype: Text | None = Field(None, description="float32, bfloat16 or float16.")
    quant: Text | None = Field(None, description="For GGUF: q8_0, q4_0, q4_k_m, …")
    imatrix: Glob | None = Field(None, description="A file of importances, treated as data.")
    from_: Text | None = Field(None, alias="from", description="The output it is made from.")
    shard_bytes: Size | None = Field(None, alias="shard_size", description="Such as 5GB.")
    max_kl: Divergence | None = Field(
        None, description="How far it may be from the source: mean KL divergence in nats a token."
    )


class Artifacts(Section):
    """What is taken from the source and in which form it leaves."""

    source_section: Source = Field(default_factory=Source, alias="source")
    derive: Listed[DeriveStep] = Field((), description="Steps that make the checkpoint, in order.")
    outputs: Listed[Output] = Field((), description="The forms of the weights.")
    forbid: Many[Literal["pickle", "python", "executables"]] = Field(
        ("pickle", "python", "executables"), description="What must not leave."
    )
    escrow: Text | None = Field(
        None, description="The file with the secret that salts commitments; else your own."
    )

    @model_validator(mode="after")
    def _agrees(self) -> Artifacts:
        without_repeats((output.id for output in self.outputs if output.id), "an output twice")
        if not {"pickle", "executables"} <= set(self.forbid):
            raise wrong(
                "forbid: pickles and executables cannot be allowed", "forbid: [pickle, executables]"
            )
        return self

    @property
    def source(self) -> str:
        return self.source_section.path

    @property
    def exclude(self) -> tuple[str, ...]:
        return self.source_section.exclude

    @property
    def forbid_python(self) -> bool:
        return "python" in self.forbid

    @property
    def shard_bytes(self) -> int | None:
        """The size of the shards of safetensors; None: as the source has them."""
        return next((o.shard_bytes for o in self.outputs if o.format == "safetensors"), None)
