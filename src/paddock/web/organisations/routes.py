"""All routes of organisations, in the order of matching."""

from __future__ import annotations

from typing import Final

from paddock.web.organisations import (
    making,
    members,
    mine,
    service_account,
    service_accounts,
    settings,
    team,
    teams,
)

ROUTERS: Final = (
    mine.router,
    making.router,
    settings.router,
    members.router,
    teams.router,
    team.router,
    service_accounts.router,
    service_account.router,
)
