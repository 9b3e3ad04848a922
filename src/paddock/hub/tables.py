"""Every row the hub keeps, as SQLAlchemy Core tables.

Knows columns and indices, no behaviour. ``storage/migrations`` creates these same tables; a test
compares the two on SQLite and PostgreSQL. Git object ids and digests are lower-case hex text;
``key`` columns are the lower-cased form under which a name is looked up.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from paddock.storage.columns import Moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives an integer primary key its row id only when the type is exactly INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")
Oid = String(40)
Sha256 = String(64)
XetHash = String(64)  # in the protocol's text form

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("kind", String(4), nullable=False),  # "user" | "org"
    Column("name", String(96), nullable=False),
    Column("key", String(96), nullable=False, unique=True),
    Column("full_name", Text, nullable=False),
    Column("email", Text),
    Column("email_key", Text, index=True),  # in lower case
    Column("email_verified_at", Moment),  # when somebody proved to read what is sent there
    Column("password_hash", Text),
    Column("is_admin", Boolean, nullable=False, default=False),
    Column("private_by_default", Boolean, nullable=False, default=False),  # organisations
    Column("created_at", Moment, nullable=False),
    # Of the terms that somebody accepted when they joined.
    Column("terms_sha256", Sha256, info={"names_blob": False}),
    Column("disabled_at", Moment),  # by an administrator: they can do nothing
    Column("disabled_reason", Text),
    sqlite_autoincrement=True,  # an id is never given to another row
)

memberships = Table(
    "memberships",
    metadata,
    Column("org_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(12), nullable=False),  # "admin" | "write" | "contributor" | "read"
    Index(None, "user_id"),
)

# Users that are no people: programs of an organisation (``people/service_accounts.py``).
service_accounts = Table(
    "service_accounts",
    metadata,
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    # Nothing is done for them: an organisation goes after its programs (``people/leaving.py``).
    Column("org_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("disabled_at", Moment),  # has no tokens since, and gets none
    Column("created_by_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Index(None, "org_id"),
    Index(None, "created_by_id"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("role", String(12), nullable=False),  # "read" | "write" | "admin" | "fineGrained"
    Column("secret_sha256", Sha256, nullable=False, unique=True, info={"names_blob": False}),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("scopes", JSON),  # of a fine-grained token: hub.people.scopes
    Column("expires_at", Moment),
    Column("grant_id", Id, ForeignKey("oauth_grants.id", ondelete="CASCADE")),  # came by OAuth
    Index(None, "user_id"),
    Index(None, "grant_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

# Keys that sign short-lived URLs and tokens, made on first use, shared by all servers.
server_secrets = Table(
    "server_secrets",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

repositories = Table(
    "repositories",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),  # "model" | "dataset" | "space"
    Column("namespace_id", Id, ForeignKey("accounts.id"), nullable=False),
    # Who made it: an organisation's contributor may write to these and no others.
    Column("creator_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("full_name", String(193), nullable=False),  # "namespace/name", case kept
    Column("key", String(193), nullable=False),
    Column("is_private", Boolean, nullable=False),
    # Where it is private: who was let in sees and reads it all the same.
    Column("is_invited", Boolean, nullable=False, server_default=false()),
    Column("gated", String(6)),  # None | "auto" | "manual"
    Column("sdk", String(16)),  # spaces
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),  # date of main's tip, or of the last change
    Column("downloads", BigInteger, nullable=False, default=0),  # of the last 30 days
    Column("likes", Integer, nullable=False, default=0),
    # Derived from main's tip whenever it moves, in the same transaction.
    Column("head_oid", Oid),
    Column("card", JSON),  # README front matter
    Column("facts", JSON),  # pipeline_tag, library_name, config, safetensors, used_storage
    # Kept by the catalogue's own jobs.
    Column("downloads_all_time", BigInteger, nullable=False, server_default=text("0")),
    Column("trending", Integer, nullable=False, server_default=text("0")),
    Column("parameters", BigInteger),  # of a model's weights
    UniqueConstraint("kind", "key"),
    # One for each order of listings, so that a page begins where the last one ended.
    Index(None, "kind", "is_private", "updated_at", "id"),
    Index(None, "kind", "is_private", "created_at", "id"),
    Index(None, "kind", "is_private", "downloads", "id"),
    Index(None, "kind", "is_private", "likes", "id"),
    Index(None, "kind", "is_private", "trending", "id"),
    # And one for each filter that few may pass.
    Index(None, "namespace_id", "kind", "is_private"),
    Index(None, "kind", "gated"),
    Index(None, "kind", "parameters"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

repository_tags = Table(
    "repository_tags",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String(256), primary_key=True),
    Index(None, "tag", "repo_id"),
)

# An old name leads to the repository that left it, until somebody takes the name anew.
redirects = Table(
    "redirects",
    metadata,
    Column("kind", String(8), primary_key=True),
    Column("key", String(193), primary_key=True),
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    Index(None, "repo_id"),
)

# Every name that a repository was moved from, also those that somebody took since: a download that
# is pinned to a commit still finds the repository that holds it.
former_names = Table(
    "former_names",
    metadata,
    Column("kind", String(8), primary_key=True),
    Column("key", String(193), primary_key=True),
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "repo_id"),
)

# Names of accounts that were renamed or deleted: nobody may take them but the keeper, if any.
kept_names = Table(
    "kept_names",
    metadata,
    Column("key", String(96), primary_key=True),
    Column("name", Text, nullable=False),  # case kept
    Column("keeper_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("reason", String(8), nullable=False),  # "renamed" | "deleted"
    Column("left_at", Moment, nullable=False),
    Index(None, "keeper_id"),
)

access_grants = Table(
    "access_grants",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    # A user; or an organisation that was let in, for as long as each is a member of it.
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("status", String(8), nullable=False),  # "pending" | "accepted" | "rejected" | "reset"
    Column("created_at", Moment, nullable=False),  # when they asked, or were let in unasked
    Column("is_email_shared", Boolean, nullable=False),  # only who asks shares their address
    Column("fields", JSON),  # what they wrote into the gate's form
    Column("reviewed_at", Moment),
    Column("reviewer_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("reason", Text),
    Column("expires_at", Moment),  # who was accepted has access until then; None: for good
    Column("rule", Text),  # why rules of the gate decided as they did
    Column("answered_at", Moment),  # when who waited had a first answer
    # What who was rejected said against it, once for each rejection.
    Column("appeal", Text),
    Column("appealed_at", Moment),
    Column("appeal_closed_at", Moment),
    Index(None, "repo_id", "status", "created_at", "user_id"),
    Index(None, "user_id"),
    Index(None, "reviewer_id"),
)

_HAS_BLOB = text("blob_sha256 IS NOT NULL")
_IS_POINTER = text("lfs_sha256 IS NOT NULL")
_IS_IDLE = text("idle_since IS NOT NULL")

# Git objects, per repository: what a repository does not hold it cannot be asked for.
git_objects = Table(
    "git_objects",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("oid", Oid, primary_key=True),
    Column("type", SmallInteger, nullable=False),  # git's numbers: 1 commit 2 tree 3 blob 4 tag
    Column("size_bytes", BigInteger, nullable=False),  # of the git object's own content
    Column("content", LargeBinary),  # None: the bytes are in the blob store
    Column("blob_sha256", Sha256),  # set when content is None
    # Set when the blob is an LFS pointer.
    Column("lfs_sha256", Sha256, info={"names_blob": False}),
    Column("lfs_size_bytes", BigInteger),
    Column("idle_since", Moment),  # see hub/large/tables.py
    Index(None, "blob_sha256", sqlite_where=_HAS_BLOB, postgresql_where=_HAS_BLOB),
    Index(None, "repo_id", "lfs_sha256", sqlite_where=_IS_POINTER, postgresql_where=_IS_POINTER),
    Index(None, "repo_id", "idle_since", sqlite_where=_IS_IDLE, postgresql_where=_IS_IDLE),
)

commits = Table(
    "commits",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("oid", Oid, primary_key=True),
    Column("tree_oid", Oid, nullable=False),
    Column("parents", Text, nullable=False),  # oids joined by a space; "" for a root
    Column("height", Integer, nullable=False),  # 1 + the greatest height of the parents
    Column("author", Text, nullable=False),  # "Name <email>"
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("committed_at", Moment, nullable=False),
    Column("message", Text, nullable=False),
)

refs = Table(
    "refs",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(255), primary_key=True),  # "refs/heads/main", "refs/tags/v1"
    Column("oid", Oid, nullable=False),  # what the ref names: a commit, or an annotated tag
    Column("commit_oid", Oid, nullable=False),  # the same, peeled
)

_UNVIEWED = text("xet_hash IS NULL")

# Where the bytes of a large file are: in the blob store under the same SHA-256, or as Xet terms.
large_files = Table(
    "large_files",
    metadata,
    Column("sha256", Sha256, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("is_blob", Boolean, nullable=False),
    Column("xet_hash", XetHash),
    # Those that the job of hub/large/viewing.py looks for.
    Index("ix_large_files_unviewed", "sha256", sqlite_where=_UNVIEWED, postgresql_where=_UNVIEWED),
)

# Presence is per repository: knowing a digest is not owning the bytes. It also decides which Xet
# files a repository may reconstruct: those that have the SHA-256 of a file that it holds.
repository_large_files = Table(
    "repository_large_files",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "sha256",
        Sha256,
        ForeignKey("large_files.sha256"),
        primary_key=True,
        info={"names_blob": False},  # large_files does, where a blob there is
    ),
    Column("pushed_at", Moment, nullable=False),
    # A path and a ref under which the file was first committed, for those who tidy up.
    Column("filename", Text),
    Column("ref", String(255)),
    Column("idle_since", Moment),  # see hub/large/tables.py
    Index(None, "sha256"),
)

_IS_WAITING = text("waits_for_repo_id IS NOT NULL")
_IS_UNINDEXED = text("NOT is_indexed")

xorbs = Table(
    "xorbs",
    metadata,
    Column("hash", XetHash, primary_key=True),
    Column("blob_sha256", Sha256, nullable=False),  # the serialized xorb, without a footer
    Column("serialized_bytes", Integer, nullable=False),
    Column("unpacked_bytes", Integer, nullable=False),
    Column("chunk_count", Integer, nullable=False),
    Column("chunks", LargeBinary, nullable=False),  # packed: hash[32], u32 unpacked, start, end
    Column("created_at", Moment, nullable=False),
    # Set for a view of a blob: its chunks lie there as they are, from this byte on, without frames.
    Column("view_start", BigInteger),
    # The repository that a client sent it for, until a file of any repository is made of it.
    Column("waits_for_repo_id", BigInteger),
    Column("idle_since", Moment),  # see hub/large/tables.py
    # Whether its chunks are in xet_chunks: those of an older paddock wait for a job.
    Column("is_indexed", Boolean, nullable=False, server_default=false()),
    Index(None, "blob_sha256"),
    Index(None, "waits_for_repo_id", sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING),
    Index("ix_xorbs_unindexed", "hash", sqlite_where=_IS_UNINDEXED, postgresql_where=_IS_UNINDEXED),
)

xet_files = Table(
    "xet_files",
    metadata,
    Column("hash", XetHash, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    # Computed here from the bytes, not claimed.
    Column("sha256", Sha256, nullable=False, info={"names_blob": False}),
    Column("terms", LargeBinary, nullable=False),  # packed: hash[32], u32 unpacked, start, end
    # Set for other terms of the file of that hash, which are for some repositories alone: their
    # senders do not know the terms that it has. See hub/xet/own_terms.py.
    Column("of_hash", XetHash),
    Index(None, "sha256"),
)
