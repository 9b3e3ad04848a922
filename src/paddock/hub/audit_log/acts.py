"""Everything that the audit log knows how to name. A code never changes its meaning, nor goes.

Knows codes and their sentences; the page and ``docs/administration.md`` show both.
"""

from __future__ import annotations

from enum import StrEnum


class Act(StrEnum):
    """A code, and what it says of whoever acted."""

    def __new__(cls, code: str, sentence: str) -> Act:
        made = str.__new__(cls, code)
        made._value_ = code
        made.sentence = sentence
        return made

    sentence: str

    ACCOUNT_CREATE = "account.create", "made an account"
    ACCOUNT_RENAME = "account.rename", "gave an account another name"
    ACCOUNT_DELETE = "account.delete", "deleted an account"
    ACCOUNT_PROFILE = "account.profile", "changed a profile"
    ACCOUNT_PASSWORD = "account.password", "changed how they prove who they are"
    ACCOUNT_SIGN_IN = "account.sign_in", "signed in"
    ACCOUNT_SIGN_OUT = "account.sign_out", "ended sessions"
    ACCOUNT_SETTINGS = "account.settings", "changed what an account is told, or who it is to us"
    TOKEN_CREATE = "token.create", "made a token"
    TOKEN_REVOKE = "token.revoke", "revoked a token"
    APPLICATION_CREATE = "application.create", "registered an application"
    APPLICATION_DELETE = "application.delete", "deleted an application"
    APPLICATION_ALLOW = "application.allow", "let an application act for them, or refused"
    APPLICATION_END = "application.end", "ended what an application may do"
    ORG_MEMBER = "org.member", "changed who belongs to an organization"
    ORG_GROUP = "org.group", "changed a resource group"
    REPO_CREATE = "repository.create", "made a repository"
    REPO_SETTINGS = "repository.settings", "changed a repository's settings"
    REPO_MOVE = "repository.move", "moved a repository"
    REPO_DELETE = "repository.delete", "deleted a repository"
    REPO_REFS = "repository.refs", "changed a repository's contents"
    REPO_FILES = "repository.files", "removed or copied large files"
    REPO_SECRETS = "repository.secrets", "changed secrets or variables"
    REPO_PUBLISHERS = "repository.publishers", "changed which CI jobs may publish"
    REPO_LIFECYCLE = "repository.lifecycle", "announced what becomes of a release"
    ACCESS_ASK = "access.ask", "asked for access"
    ACCESS_WITHDRAW = "access.withdraw", "took a request for access back"
    ACCESS_DECIDE = "access.decide", "decided about access"
    SCAN_ALLOW = "scan.allow", "let a rejected file be downloaded"
    SCAN_WITHDRAW = "scan.withdraw", "took that back"
    SCAN_REQUEST = "scan.request", "had files scanned again"
    DISCUSSION = "discussion", "took part in a discussion"
    DISCUSSION_DELETE = "discussion.delete", "deleted a discussion"
    REPORT_FILE = "report.file", "reported what a model did"
    REPORT_DECIDE = "report.decide", "decided about a report"
    ADVISORY = "advisory", "published or changed an advisory"
    WEBHOOK = "webhook", "changed a webhook"
    JOB = "job", "retried or cancelled background work"
    QUOTA = "quota", "changed a quota"
    STORAGE = "storage", "swept the store"
    ADMIN_USER = "admin.user", "changed somebody's account as an administrator"
    BACKUP = "backup", "backed the hub up"
    DOWNLOAD = "download", "downloaded"
    LOG_ERASE = "log.erase", "erased personal fields of this log"
    LOG_CUT = "log.cut", "let the oldest entries of this log go"
