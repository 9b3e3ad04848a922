"""All routes of accounts, in the order of matching."""

from __future__ import annotations

from typing import Final

from paddock.web.account import (
    applications,
    confirming,
    consent,
    device,
    emails,
    forgotten,
    identity,
    invitations,
    joining,
    notifications,
    own_access,
    own_terms,
    passkeys,
    password,
    profile,
    sessions,
    signing_in,
    tokens,
)

ROUTERS: Final = (
    signing_in.router,
    forgotten.router,
    confirming.router,
    joining.router,
    consent.router,
    device.router,
    profile.router,
    emails.router,
    password.router,
    passkeys.router,
    tokens.router,
    sessions.router,
    applications.router,
    own_access.router,
    own_terms.router,
    notifications.router,
    invitations.router,
    identity.router,
)
