"""No account can be named like one of the hub's own addresses."""

from __future__ import annotations

from paddock.hub.names import RESERVED_ACCOUNT_NAMES
from paddock.web.app import _routers


def test_every_first_segment_of_an_address_is_reserved() -> None:
    paths = [getattr(route, "path", "") for router in _routers() for route in router.routes]
    firsts = {path.split("/")[1] for path in paths if path.startswith("/")}
    own = {first for first in firsts if first and not first.startswith("{")}
    assert "login" in own
    # An account cannot begin with a dot anyway.
    assert {name for name in own if name not in RESERVED_ACCOUNT_NAMES} == {".well-known"}
