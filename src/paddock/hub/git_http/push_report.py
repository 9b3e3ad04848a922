"""What became of a push, in git's words: for each ref ``ok``, or ``ng`` and why.

Pure. A reason is one short line; what helps a person further goes beside it, as lines that git
shows with ``remote:`` before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from paddock.errors import PaddockError
from paddock.hub.git_http.pkt_lines import Mark, line, on_band
from paddock.hub.git_http.push_request import Command, PushRequest

_MAX_REASON_CHARS = 400
_MAX_REMARKS = 60


@dataclass(slots=True)
class Report:
    """The outcome, as it becomes known."""

    request: PushRequest
    unpack: str = "ok"
    reasons: dict[str, str] = field(default_factory=dict)  # ref -> why it did not move
    remarks: list[str] = field(default_factory=list)

    def refuse(self, command: Command, error: PaddockError) -> None:
        """One ref stays where it is."""
        self.reasons[command.ref] = _one_line(error.message)
        self._remark(error)

    def refuse_all(self, error: PaddockError, *, pack: bool = False) -> None:
        """No ref moves; ``pack``: because the pack itself is of no use."""
        reason = _one_line(error.message)
        if pack:
            self.unpack = reason
        for command in self.request.commands:
            self.reasons.setdefault(command.ref, "unpacker error" if pack else reason)
        self._remark(error)

    def refuse_the_others(self) -> None:
        """All or none: because of one, the rest stays where it is, too."""
        for command in self.request.commands:
            self.reasons.setdefault(command.ref, "atomic push failed")

    @property
    def accepted(self) -> list[Command]:
        return [c for c in self.request.commands if c.ref not in self.reasons]

    def render(self) -> Iterator[bytes]:
        """The answer's bytes, as the client asked for them."""
        words = self.request.words
        banded = "side-band-64k" in words
        if banded and self.remarks:
            text = "".join(f"{remark}\n" for remark in self.remarks[:_MAX_REMARKS])
            yield from on_band(2, [text.encode()])
        if words & {"report-status", "report-status-v2"}:
            told = b"".join(self._lines())
            yield from on_band(1, [told]) if banded else [told]
        if banded:
            yield Mark.FLUSH.value

    def _lines(self) -> Iterable[bytes]:
        yield line(f"unpack {self.unpack}")
        for command in self.request.commands:
            reason = self.reasons.get(command.ref)
            yield line(f"ng {command.ref} {reason}" if reason else f"ok {command.ref}")
        yield Mark.FLUSH.value

    def _remark(self, error: PaddockError) -> None:
        told = list(getattr(error, "lines", ())) or ([error.hint] if error.hint else [])
        self.remarks += [_one_line(text) for text in told if text not in self.remarks]


def _one_line(text: str) -> str:
    shown = " ".join(text.split(" "))[:_MAX_REASON_CHARS]
    return "".join(c if c.isprintable() else "?" for c in shown)
