"""All routes of administration: pages of their own, and one of each repository."""

from __future__ import annotations

from typing import Final

from paddock.web.administration import jobs, log, of_repository, people, start, storage

FIRST: Final = (start.router, people.router, storage.router, jobs.router, log.router)
ROUTERS: Final = (of_repository.router,)
