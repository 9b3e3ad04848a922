"""List, search, information and trees on a hub of a million repositories, over HTTP.

    python -m benchmarks.catalogue_scale [--sizes N …] [--databases NAME …] [--requests N]

Fills a hub of each size on each database with the metadata of real-looking repositories, ten files
each, and measures p50 and p99 with 1 and with 32 clients; the sizes show how times grow. A million
repositories take about 7 GB of disk and ten minutes on each database.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.catalogue_filling import fill
from benchmarks.catalogue_rows import FAMILIES, LANGUAGES, LICENCES, TASKS, Names, rows
from benchmarks.figures import Figure, run
from benchmarks.light_client import percentile, repeated, timings
from benchmarks.servers import paddock_up
from paddock.hub.people.accounts import create_user
from paddock.hub.people.tokens import create_token
from paddock.storage.database import Database
from paddock.storage.migrate import migrate

ROOT = Path(__file__).parents[1]
FILLED = "token"  # written when a hub is filled: who asks there
_DIFFERENT = 200  # paths of each kind, so that nothing is asked for twice in a row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 32])
    parser.add_argument(
        "--keep", type=Path, help="keep the filled hubs here, and measure those that are here"
    )
    run("The catalogue at scale", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    figures = []
    for kind in options.databases:
        for size in options.sizes:
            place = (options.keep or folder).absolute() / f"{kind}-{size}"
            is_filled = (place / FILLED).exists()
            place.mkdir(parents=True, exist_ok=is_filled)
            with hub_database(kind, place, keep=options.keep is not None) as url:
                where = f"{kind}, {size:,} repositories"
                if not is_filled:
                    figures.append(_fill(place, url, where, size))
                figures += _of_hub(options, place, url, where, size)
    return figures


def _fill(folder: Path, url: str, where: str, size: int) -> Figure:
    token = prepare(url)
    started = time.perf_counter()
    fill(url, rows(Names(size)))
    seconds = time.perf_counter() - started
    (folder / FILLED).write_text(token)
    return Figure(f"{where}: filling", round(seconds, 1), "s", [seconds])


def _of_hub(
    options: argparse.Namespace, folder: Path, url: str, where: str, size: int
) -> list[Figure]:
    names = Names(size)
    token = (folder / FILLED).read_text()
    figures = []
    os.environ["PADDOCK_DATABASE_URL"] = url
    try:
        with paddock_up(folder / "data", token) as hub:
            for what, (paths, bearer) in _questions(names, token).items():
                timings(hub.url, paths[:20], 1, bearer)  # warm
                for clients in options.clients:
                    asked = repeated(paths, options.requests)
                    taken = [1000 * s for s in timings(hub.url, asked, clients, bearer)]
                    for percent in (50, 99):
                        value = round(percentile(taken, percent), 2)
                        name = f"{where}: {what}, {clients} clients, p{percent}"
                        figures.append(Figure(name, value, "ms", [value]))
    finally:
        del os.environ["PADDOCK_DATABASE_URL"]
    return figures


def _questions(names: Names, token: str) -> dict[str, tuple[list[str], str]]:
    """What is asked: addresses, and whose token comes with them."""
    step = max(names.repositories // (_DIFFERENT * 4), 1)
    public = [
        number
        for number in range(0, names.repositories, step)
        if names.kind(number) == "model"
        and not names.is_private(number)
        and not names.is_large(number)
    ][:_DIFFERENT]
    large = next(n for n in (5, 9, 1) if names.kind(n) == "model" and not names.is_private(n))
    models = [f"/api/models/{names.full_name(number)}" for number in public]
    sorts = ("downloads", "likes", "lastModified", "createdAt", "trendingScore")
    listed = [f"/api/models?limit=20&sort={sort}" for sort in sorts]
    return {
        "list": (listed, ""),
        "list, signed in": (listed, token),
        "list of 1,000": (["/api/models?limit=1000"], ""),
        "search, a common word": (
            [f"/api/models?limit=20&search={family}" for family in FAMILIES], ""
        ),
        "search, a rare word": (
            [f"/api/models?limit=20&search={names.marker(number)}" for number in public], ""
        ),
        "two filters": (
            [f"/api/models?limit=20&filter=license:{licence}&filter={language}"
             for licence in LICENCES for language in LANGUAGES], "",
        ),
        "task": ([f"/api/models?limit=20&pipeline_tag={task}" for task in TASKS], ""),
        "a rare filter": (
            [f"/api/models?limit=20&filter=dataset:corpora/set-{n % 5000}" for n in public], ""
        ),
        "author": (
            [f"/api/models?limit=20&author={names.namespace(number)}" for number in public], ""
        ),
        "info": (models, ""),
        "info, signed in": (models, token),
        "info of 2,000 files": ([f"/api/models/{names.full_name(large)}"], ""),
        "tree": ([f"{model}/tree/main" for model in models], ""),
        "tree of 1,000 files": ([f"/api/models/{names.full_name(large)}/tree/main"], ""),
    }  # fmt: skip


def prepare(url: str, role: str = "read") -> str:
    """Create the tables and somebody who asks; gives their token."""
    database = Database(url)
    migrate(database)
    with database.write() as conn:
        token = create_token(conn, create_user(conn, "reader", is_admin=False), "bench", role)
    database.dispose()
    return token


@contextmanager
def hub_database(kind: str, folder: Path, *, keep: bool) -> Iterator[str]:
    """The URL of a database, empty unless it was kept, gone afterwards unless it is kept."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/paddock.db"
        if keep:
            return
        for path in folder.glob("paddock.db*"):
            path.unlink()
        return
    script = [str(ROOT / "scripts/postgresql.sh"), "url"]
    server = subprocess.run(script, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    plain = server.replace("postgresql+psycopg", "postgresql")
    name = f"bench_{'kept' if keep else os.getpid()}_{folder.name.partition('-')[2]}"
    with psycopg.connect(plain, autocommit=True) as conn:
        if not (folder / FILLED).exists():
            conn.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield server.replace("/postgres?", f"/{name}?")
        finally:
            if not keep:
                conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


if __name__ == "__main__":
    main()
