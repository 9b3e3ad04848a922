"""How long the server takes for each page, with 100,000 repositories in the database.

    python -m benchmarks.pages [--repositories N] [--databases NAME …] [--requests N] [--lists]

Fills a hub with the rows of real-looking repositories, their cards and texts, and asks for pages as
browsers do, packed, by 1 and by 32 clients; what the server's processor spends for each is told,
too, which is much the same on a busy machine. ``--lists`` asks for lists and searches alone, of a
hub without any file: the thing to do with a million repositories.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import urllib.request
from pathlib import Path

from benchmarks.catalogue_filling import fill
from benchmarks.catalogue_rows import Names, rows
from benchmarks.catalogue_scale import FILLED, hub_database, prepare
from benchmarks.figures import Figure, run
from benchmarks.light_client import percentile, repeated, timings
from benchmarks.pages_questions import DISCUSSED, LISTS, questions
from benchmarks.servers import Hub as Served
from benchmarks.servers import paddock_up
from paddock.hub.context import Hub
from paddock.hub.tags.counting import count_tags
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore

_AS_BROWSERS = "Accept-Encoding: gzip, deflate, br, zstd\r\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repositories", type=int, default=100_000)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--discussions", type=int, default=30, help="of a repository that has some")
    parser.add_argument("--lists", action="store_true", help="lists and searches alone")
    parser.add_argument("--only", nargs="+", help="these pages alone")
    parser.add_argument(
        "--keep", type=Path, help="keep the filled hubs here, and measure those that are here"
    )
    run("Server time of the pages", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    is_whole = not options.lists
    names = Names(options.repositories, with_cards=is_whole, with_files=is_whole)
    figures = []
    for kind in options.databases:
        cards = "lists" if options.lists else "pages"
        place = (options.keep or folder).absolute() / f"{kind}-{cards}{options.repositories}"
        is_filled = (place / FILLED).exists()
        place.mkdir(parents=True, exist_ok=is_filled)
        with hub_database(kind, place, keep=options.keep is not None) as url:
            where = f"{kind}, {options.repositories:,} repositories"
            if not is_filled:
                figures.append(_fill(place, url, where, names))
            figures += _of_hub(options, place, url, where, names)
    return figures


def _fill(folder: Path, url: str, where: str, names: Names) -> Figure:
    token = prepare(url, "write")
    started = time.perf_counter()
    fill(url, rows(names))
    database = Database(url)
    count_tags(Hub(database, LocalBlobStore(folder / "data" / "blobs"), None), {})
    database.dispose()
    seconds = time.perf_counter() - started
    (folder / FILLED).write_text(token)
    return Figure(f"{where}: filling", round(seconds, 1), "s", [seconds])


def _of_hub(
    options: argparse.Namespace, folder: Path, url: str, where: str, names: Names
) -> list[Figure]:
    token = (folder / FILLED).read_text()
    asked = questions(names)
    wanted = options.only or (LISTS if options.lists else list(asked))
    figures = []
    environ = {"PADDOCK_DATABASE_URL": url, "PADDOCK_WORKERS": "0"}  # pages and nothing else
    os.environ.update(environ)
    try:
        with paddock_up(folder / "data", token) as hub:
            if "discussions" in wanted:
                _discuss(hub.url, token, asked["discussions"], options.discussions)
            for page in wanted:
                figures += _of_page(options, hub, f"{where}: {page}", asked[page])
    finally:
        for name in environ:
            del os.environ[name]
    return figures


def _of_page(options: argparse.Namespace, hub: Served, what: str, paths: list[str]) -> list[Figure]:
    timings(hub.url, paths[:20], 1, headers=_AS_BROWSERS)  # warm
    figures = []
    for clients in options.clients:
        asked = repeated(paths, options.requests)
        before = _cpu_seconds(hub.pid)
        taken = [1000 * s for s in timings(hub.url, asked, clients, headers=_AS_BROWSERS)]
        spent = 1000 * (_cpu_seconds(hub.pid) - before) / len(taken)
        for percent in (50, 99):
            value = round(percentile(taken, percent), 2)
            figures.append(Figure(f"{what}, {clients} clients, p{percent}", value, "ms", [value]))
        name = f"{what}, {clients} clients, the server's CPU for each"
        figures.append(Figure(name, round(spent, 2), "ms", [spent]))
    return figures


def _cpu_seconds(pid: int) -> float:
    """What a process has spent: what else runs on the machine is not in it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _discuss(url: str, token: str, paths: list[str], count: int) -> None:
    """Some discussions, as people open them, where none are yet."""
    for path in paths[:DISCUSSED]:
        address = f"{url}/api/models{path}"
        with urllib.request.urlopen(address) as answer:
            if json.load(answer)["count"]:
                return
        for number in range(count):
            body = {"title": f"Question {number}", "description": "What was it trained on?"}
            request = urllib.request.Request(
                address,
                json.dumps(body).encode(),
                {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            )
            urllib.request.urlopen(request).close()


if __name__ == "__main__":
    main()
