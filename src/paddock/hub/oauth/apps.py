"""Applications that people may sign in to with their account here.

Knows who an application is, what it may ask for, and where people may be sent back to. A redirect
address is compared as a whole: the one that a request names must be one that was registered, letter
by letter, except that a program on the person's own machine chooses its port (RFC 8252, 7.3).
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, NotFound, shown
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.oauth.failures import InvalidClient, InvalidRedirect
from paddock.hub.oauth.tables import oauth_apps
from paddock.hub.people.accounts import is_askable
from paddock.hub.people.tokens import digest, new_secret
from paddock.hub.types import Account

STOCK_CLIENT = "26be6b09-91c5-47da-9861-d2d2bb7a7e36"  # a constant of huggingface_hub
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = ("authorization_code", "refresh_token", DEVICE_GRANT)  # what every application may use
AUTHENTICATION = ("none", "client_secret_basic", "client_secret_post")  # how one proves itself
SECRET_PREFIX = "oauth_app_secret_"  # noqa: S105  (what scanners look for)
MAX_NAME_CHARS = 100
MAX_REDIRECTS = 20
MAX_URI_CHARS = 2000
MAX_APPS = 100  # of one user
_LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})


class AppNotFound(NotFound):
    """The user has no such application."""

    code = "oauth_app_not_found"


@dataclass(frozen=True, slots=True)
class App:
    """An application as it may be shown."""

    id: int
    client_id: str
    owner_id: int | None
    name: str
    home_url: str | None
    redirect_uris: tuple[str, ...]
    scope: tuple[str, ...]
    is_public: bool  # has no secret
    is_trusted: bool
    created_at_seconds: int


@dataclass(frozen=True, slots=True)
class NewApp:
    """What is asked for."""

    name: str
    redirect_uris: Sequence[str]
    scope: Sequence[str]
    home_url: str | None = None
    is_public: bool = False


def register_app(conn: sa.Connection, owner: Account, wanted: NewApp) -> tuple[App, str | None]:
    """A new application, and its secret unless it is public; raises BadInput."""
    if not 1 <= len(wanted.name.strip()) <= MAX_NAME_CHARS or not wanted.name.isprintable():
        raise BadInput(f"{shown(wanted.name)} cannot be the name of an application")
    if not 1 <= len(wanted.redirect_uris) <= MAX_REDIRECTS:
        raise BadInput(f"an application has 1 to {MAX_REDIRECTS} redirect addresses")
    count = sa.select(sa.func.count()).where(oauth_apps.c.owner_id == owner.id)
    if (conn.scalar(count) or 0) >= MAX_APPS:
        raise BadInput(f"{owner.name} has {MAX_APPS} applications", hint="delete one of them")
    secret = None if wanted.is_public else new_secret(SECRET_PREFIX)
    insert = oauth_apps.insert().values(
        client_id=str(uuid.uuid4()),
        owner_id=owner.id,
        name=wanted.name.strip(),
        home_url=None if wanted.home_url is None else check_address(wanted.home_url),
        redirect_uris=[check_address(uri) for uri in wanted.redirect_uris],
        scope=" ".join(wanted.scope),
        secret_sha256=None if secret is None else digest(secret),
        is_trusted=False,
        created_at=clock.now(),
    )
    note(conn, Act.APPLICATION_CREATE, account=owner, name=wanted.name)
    return _to_app(conn.execute(insert.returning(oauth_apps)).mappings().one()), secret


def get_app(conn: sa.Connection, client_id: str | None) -> App:
    """The application of this id; raises InvalidClient."""
    row = _find(conn, client_id)
    if row is None:
        raise InvalidClient("no application has this client_id")
    return _to_app(row)


def app_with_id(conn: sa.Connection, app_id: int) -> App:
    """The application of a row's foreign key."""
    query = sa.select(oauth_apps).where(oauth_apps.c.id == app_id)
    return _to_app(conn.execute(query).mappings().one())


def authenticate_app(conn: sa.Connection, client_id: str | None, secret: str | None) -> App:
    """The application, which proved who it is if it has a secret; raises InvalidClient."""
    row = _find(conn, client_id)
    kept = row["secret_sha256"] if row is not None else None
    if row is None:
        raise InvalidClient("no application has this client_id")
    if kept is not None and not hmac.compare_digest(kept, digest(secret or "")):
        raise InvalidClient("the application's secret is missing or wrong")
    return _to_app(row)


def apps_of(conn: sa.Connection, owner: Account) -> list[App]:
    """A user's applications, newest first."""
    c = oauth_apps.c
    query = sa.select(oauth_apps).where(c.owner_id == owner.id).order_by(c.id.desc())
    return [_to_app(row) for row in conn.execute(query).mappings()]


def delete_app(conn: sa.Connection, owner: Account, client_id: str) -> None:
    """Forget an application with every grant it was given; raises AppNotFound."""
    c = oauth_apps.c
    gone = oauth_apps.delete().where(c.owner_id == owner.id, c.client_id == client_id)
    if not is_askable(client_id) or conn.execute(gone).rowcount == 0:
        raise AppNotFound(f"{owner.name} has no application {shown(client_id)}")
    note(conn, Act.APPLICATION_DELETE, account=owner, application=client_id)


def require_redirect(app: App, uri: str | None) -> str:
    """The address to send somebody back to; raises InvalidRedirect unless it was registered."""
    if uri is not None and any(_is_same(uri, known) for known in app.redirect_uris):
        return uri
    raise InvalidRedirect(
        f"{app.name} did not register {shown(uri)} as a redirect address, so nobody is sent there"
    )


def check_address(uri: str) -> str:
    """An address that people may be sent to; raises InvalidRedirect."""
    try:
        parts = urlsplit(uri)
        is_good = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_good = False
    plain = uri.isascii() and uri.isprintable() and not set(uri) & set(" \"'<>\\^`{|}")
    if not is_good or not plain or len(uri) > MAX_URI_CHARS or "@" in parts.netloc:
        raise InvalidRedirect(f"{shown(uri)} is not a web address")
    if parts.fragment or "#" in uri or "*" in uri:
        raise InvalidRedirect(f"{shown(uri)} must have neither a fragment nor a wildcard")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_local(uri)):
        raise InvalidRedirect(
            f"{shown(uri)} must begin with https://",
            hint="http:// is for programs on the person's own machine: 127.0.0.1, localhost",
        )
    return uri


def _is_same(uri: str, known: str) -> bool:
    if uri == known:
        return True
    if not _is_local(known) or not known.startswith("http://"):
        return False
    try:
        asked, registered = urlsplit(check_address(uri)), urlsplit(known)
    except InvalidRedirect:
        return False
    return (
        registered.port is None
        and asked._replace(netloc=_host(asked.netloc)) == registered
        and _is_local(uri)
    )


def _is_local(uri: str) -> bool:
    return _host(urlsplit(uri).netloc) in _LOOPBACK


def _host(netloc: str) -> str:
    return netloc.rpartition(":")[0] if netloc.rpartition(":")[2].isdigit() else netloc


def _find(conn: sa.Connection, client_id: str | None) -> sa.RowMapping | None:
    if client_id is None or not is_askable(client_id):
        return None
    query = sa.select(oauth_apps).where(oauth_apps.c.client_id == client_id)
    return conn.execute(query).mappings().one_or_none()


def _to_app(row: sa.RowMapping) -> App:
    c = oauth_apps.c
    return App(
        id=row[c.id],
        client_id=row[c.client_id],
        owner_id=row[c.owner_id],
        name=row[c.name],
        home_url=row[c.home_url],
        redirect_uris=tuple(row[c.redirect_uris]),
        scope=tuple(row[c.scope].split()),
        is_public=row[c.secret_sha256] is None,
        is_trusted=row[c.is_trusted],
        created_at_seconds=int(row[c.created_at].timestamp()),
    )
