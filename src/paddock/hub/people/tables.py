"""Rows of how people prove who they are, beside passwords and tokens.

Knows columns, no behaviour. Secrets are kept as their SHA-256 only.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from paddock.hub.tables import Id, Sha256, metadata
from paddock.storage.columns import Moment

# Addresses of pages that were sent by e-mail: each good once, for a while, for one account.
mail_links = Table(
    "mail_links",
    metadata,
    Column("secret_sha256", Sha256, primary_key=True, info={"names_blob": False}),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("purpose", String(8), nullable=False),  # "address" | "password"
    Column("address", Text, nullable=False),  # to which it was sent
    Column("expires_at", Moment, nullable=False),
    Index(None, "user_id", "purpose"),
    Index(None, "expires_at"),
)

# Who may make an account, or join an organisation, without being asked anything else.
invitations = Table(
    "invitations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("secret_sha256", Sha256, nullable=False, unique=True, info={"names_blob": False}),
    Column("maker_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("org_id", Id, ForeignKey("accounts.id", ondelete="CASCADE")),
    Column("role", String(12)),  # there
    Column("email", Text),  # for whom it is alone
    Column("is_sent", Boolean, nullable=False),  # to that address, and shown to nobody else
    Column("uses_left", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index(None, "maker_id"),
    Index(None, "org_id"),
    Index(None, "expires_at"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

# Keys that a person's device keeps for this hub, by which they sign in without a password.
passkeys = Table(
    "passkeys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("credential_id", Text, nullable=False, unique=True),  # as the device names it, base64url
    Column("public_key", LargeBinary, nullable=False),  # COSE
    Column("sign_count", BigInteger, nullable=False),  # how often the device used it, if it counts
    Column("name", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Index(None, "user_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

# What a browser was asked to have signed: the last question of each kind, good once.
passkey_challenges = Table(
    "passkey_challenges",
    metadata,
    Column("browser_sha256", Sha256, primary_key=True, info={"names_blob": False}),
    Column("purpose", String(8), primary_key=True),  # "register" | "sign_in"
    Column("challenge", LargeBinary, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index(None, "expires_at"),
)
