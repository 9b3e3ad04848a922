"""The routes of these pages, in two parts: those with a fixed first segment, and people's names."""

from __future__ import annotations

from paddock.web.lists import home, lists, people, quicksearch, search

ROUTERS = (home.router, lists.router, search.router, quicksearch.router)
LAST = (people.router,)  # "/NAME" is whatever no other route is
