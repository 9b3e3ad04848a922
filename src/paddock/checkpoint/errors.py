"""Why a checkpoint is refused.

Every refusal carries a ``reason``: a short stable word (``overlap``, ``duplicate_key``) that tells
one cause from another within a class, for scanners and tests; people read the message.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from paddock.errors import BadInput, Conflict, PaddockError


class BadCheckpoint(BadInput):
    """The files are not a checkpoint that can be used."""

    code = "bad_checkpoint"

    def __init__(self, reason: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class BadSafetensors(BadCheckpoint):
    """A safetensors file breaks the format, or a rule no honest file needs to break."""

    code = "bad_safetensors"


class BadIndex(BadCheckpoint):
    """The shard index and the shards disagree, or the index points out of its folder."""

    code = "bad_index"


class BadArchive(BadCheckpoint):
    """A zip archive is damaged or made to read differently in different programs."""

    code = "bad_archive"


class BadPickle(BadCheckpoint):
    """A pickle asks for more than named tensors, or is damaged. Nothing of it was executed."""

    code = "bad_pickle"


class BadNumpy(BadCheckpoint):
    """A NumPy file has an impossible header or the wrong length, or holds more than numbers."""

    code = "bad_numpy"


class BadLlama2c(BadCheckpoint):
    """A llama2.c file has an impossible header or the wrong length."""

    code = "bad_llama2c"


class BadGguf(BadCheckpoint):
    """A GGUF file breaks the format, or a rule no honest file needs to break."""

    code = "bad_gguf"


class BadConfig(BadCheckpoint):
    """A configuration is malformed, absurd or contradicts itself."""

    code = "bad_config"


class UnsupportedModel(BadCheckpoint):
    """A well-formed model of a kind that paddock does not run."""

    code = "unsupported_model"


class BadElements(BadCheckpoint):
    """Elements of a tensor cannot be written as the type that was asked for."""

    code = "bad_elements"


class BadTokenizer(BadCheckpoint):
    """A tokenizer file is malformed or of a kind that no Llama uses."""

    code = "bad_tokenizer"


class TensorMismatch(BadCheckpoint):
    """The tensors are not those that the configuration describes."""

    code = "tensor_mismatch"


class UnknownCheckpoint(BadCheckpoint):
    """No checkpoint format was recognised at this path."""

    code = "unknown_checkpoint"


class NotAvailableYet(BadInput):
    """A known wish that this version cannot fulfil."""

    code = "not_available_yet"


class OutputExists(Conflict):
    """The place to write to is taken."""

    code = "output_exists"


class TooLittleMemory(BadInput):
    """What converting may take of memory is less than this checkpoint needs."""

    code = "too_little_memory"


class TooLittleSpace(PaddockError):
    """The destination's disk has no room for what would be written."""

    code = "too_little_space"


class DiskFailure(PaddockError):
    """The operating system refused to read or write a file."""

    code = "disk_failure"


@contextmanager
def disk_failures_in_words() -> Iterator[None]:
    """Turn the system's own errors (no permission, no space) into one of ours."""
    try:
        yield
    except OSError as e:
        where = f"{e.filename}: " if e.filename else ""
        raise DiskFailure(f"{where}{(e.strerror or str(e)).lower()}") from e
