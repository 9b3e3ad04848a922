"""A model that is loaded, as whoever answers a request needs it. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.llama.chat import ChatFormat
from paddock.llama.tokenizer import Tokenizer
from paddock.serve.backend import Backend
from paddock.serve.guard import Guard

if TYPE_CHECKING:
    from paddock.engine.grammar.matching import Vocabulary
    from paddock.serve.models.loaded import Loaded


@dataclass(frozen=True, slots=True)
class Served:
    """A loaded model under the name it was asked for by."""

    name: str
    backend: Backend
    tokenizer: Tokenizer
    chat: ChatFormat | None  # None: the model has no chat template
    config: LlamaConfig
    context: int  # tokens of prompt and answer together
    vocabulary: Vocabulary | None  # None: no grammar can be followed
    folder: Path  # the checkpoint: a folder, or a file
    adapter: str | None = None  # what ``Request.adapter`` must say for this name
    guard: Guard | None = None  # the release's use policy

    @classmethod
    def of(
        cls,
        name: str,
        loaded: Loaded,
        *,
        backend: Backend | None = None,
        adapter: str | None = None,
    ) -> Self:
        """The loaded model under that name; with ``backend``, what stands before its own."""
        return cls(
            name=name,
            backend=backend or loaded.backend,
            tokenizer=loaded.tokenizer,
            chat=loaded.chat,
            config=loaded.config,
            context=loaded.context,
            vocabulary=loaded.vocabulary,
            folder=loaded.folder,
            adapter=adapter,
            guard=loaded.guard,
        )


@dataclass(frozen=True, slots=True)
class ModelListing:
    """A model that may be asked for, loaded or not."""

    name: str
    created: int  # seconds since 1970
    owned_by: str
    root: str  # where it comes from: a folder's name, or namespace/name@revision
    parent: str | None = None  # the base model of an adapter
    context: int | None = None  # known once it was loaded
    policy: str | None = None  # the digest of its use policy, known once it was loaded
