"""The HTTP face of the hub: one router a file, no rules of its own.

``routers`` is the table of contents. Order matters only where one address could match two routes:
what begins with a fixed segment comes before ``/{namespace}/{name}/…``.
"""

from __future__ import annotations

from fastapi import APIRouter

from paddock.hub.api import paths

paths.register()  # the routers below are written with these convertors


def routers() -> list[APIRouter]:
    """Every router, in order of matching."""
    from paddock.hub.api import (
        accounts,
        cas,
        catalogue,
        commit,
        lfs,
        refs,
        repositories,
        resolve,
        small,
        tree,
        validate,
        whoami,
        xet_tokens,
    )

    modules = (
        small, whoami, accounts, repositories, validate, catalogue,
        tree, refs, commit, xet_tokens, cas, lfs, resolve,
    )  # fmt: skip
    return [module.router for module in modules]
