"""Everybody gets in; callers are told apart by the address they come from."""

from __future__ import annotations

from paddock.serve.callers import Arrival, Caller


class OpenGate:
    """For a machine of one's own; a ``Gate``."""

    async def caller(self, arrival: Arrival) -> Caller:
        return Caller(f"address:{arrival.address}")

    async def may_use(self, caller: Caller, repository: str) -> bool:
        return True

    async def close(self) -> None:
        """Nothing is open."""
