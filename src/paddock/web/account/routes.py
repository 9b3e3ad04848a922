"""All routes of accounts, in the order of matching."""

from __future__ import annotations

from typing import Final

from paddock.web.account import (
    applications,
    consent,
    device,
    identity,
    joining,
    notifications,
    own_access,
    password,
    profile,
    sessions,
    signing_in,
    tokens,
)

ROUTERS: Final = (
    signing_in.router,
    joining.router,
    consent.router,
    device.router,
    profile.router,
    password.router,
    tokens.router,
    sessions.router,
    applications.router,
    own_access.router,
    notifications.router,
    identity.router,
)
