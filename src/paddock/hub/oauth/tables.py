"""Rows of OAuth: applications, what people granted them, and codes on their way to a token.

Knows columns, no behaviour. Every secret and code is kept as its SHA-256 only.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from paddock.hub.tables import Id, Sha256, metadata
from paddock.storage.columns import Moment

oauth_apps = Table(
    "oauth_apps",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", String(64), nullable=False, unique=True),
    Column("owner_id", Id, ForeignKey("accounts.id", ondelete="CASCADE")),  # None: of the hub
    Column("name", Text, nullable=False),
    Column("home_url", Text),
    Column("redirect_uris", JSON, nullable=False),
    Column("scope", Text, nullable=False),  # the most it may ask for
    # None: a public client, which proves itself by PKCE alone
    Column("secret_sha256", Sha256, info={"names_blob": False}),
    Column("is_trusted", Boolean, nullable=False),  # the stock client: acts as its user
    Column("created_at", Moment, nullable=False),
    Index(None, "owner_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

# What a person allowed an application; its access tokens are rows of ``tokens``.
oauth_grants = Table(
    "oauth_grants",
    metadata,
    Column("id", Id, primary_key=True),
    Column("app_id", Id, ForeignKey("oauth_apps.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("scope", Text, nullable=False),
    Column("org_ids", JSON, nullable=False),  # organisations that it covers, beside the user
    Column("created_at", Moment, nullable=False),
    Index(None, "app_id"),
    Index(None, "user_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

# Used ones stay until they expire: to see one again means that it was stolen.
oauth_refresh_tokens = Table(
    "oauth_refresh_tokens",
    metadata,
    Column("secret_sha256", Sha256, primary_key=True, info={"names_blob": False}),
    Column("grant_id", Id, ForeignKey("oauth_grants.id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Index(None, "grant_id"),
    Index(None, "expires_at"),
)

# Between the consent page and the application's server; the same is true of used ones.
oauth_codes = Table(
    "oauth_codes",
    metadata,
    Column("code_sha256", Sha256, primary_key=True, info={"names_blob": False}),
    Column("grant_id", Id, ForeignKey("oauth_grants.id", ondelete="CASCADE"), nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("challenge", String(43)),  # PKCE, S256
    Column("nonce", Text),
    Column("auth_time", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Index(None, "grant_id"),
    Index(None, "expires_at"),
)

# A device that waits for a person to type its short code into a browser.
oauth_devices = Table(
    "oauth_devices",
    metadata,
    Column("device_sha256", Sha256, primary_key=True, info={"names_blob": False}),
    Column("user_code", String(8), nullable=False, unique=True),
    Column("app_id", Id, ForeignKey("oauth_apps.id", ondelete="CASCADE"), nullable=False),
    Column("scope", Text, nullable=False),
    Column("status", String(8), nullable=False),  # "waiting" | "approved" | "denied"
    Column("grant_id", Id, ForeignKey("oauth_grants.id", ondelete="CASCADE")),
    Column("interval_seconds", Integer, nullable=False),
    Column("polled_at", Moment),
    Column("expires_at", Moment, nullable=False),
    Index(None, "app_id"),
    Index(None, "grant_id"),
    Index(None, "expires_at"),
)

# Repositories that an application made, which are all that ``contribute-repos`` covers.
app_repositories = Table(
    "app_repositories",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("app_id", Id, ForeignKey("oauth_apps.id", ondelete="CASCADE"), nullable=False),
    Index(None, "app_id"),
)

# Jobs of a CI service that may get a token of one repository for proof of who they are.
trusted_publishers = Table(
    "trusted_publishers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    # Whose rights the token has, at most; the commits are theirs.
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("claims", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "repo_id"),
    Index(None, "user_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)
