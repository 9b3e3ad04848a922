"""Which row of the table of access each route of a repository falls under, and what is sent.

A route that is in no list fails the test of the matrix: whoever adds one says here what it asks.
"""

from __future__ import annotations

from typing import Any

from paddock.hub.access_table import Right, Stage

_API, _WEB = "/api/{kind}/{namespace}/{name}", "/{kind}{namespace}/{name}"

_LISTS: dict[Right, str] = {
    Right.SEE: """
        GET #/audit
        GET #/lineage
        GET #/lineage/branches
        GET #/release
        GET #/advisories
        GET #/advisories.atom
        GET #/reports
        GET #/advisories/{advisory}
        GET #/commits/{rev}
        GET #/commits/{rev}/{path}
        GET #/compare
        GET #/compare/{spec}
        GET #/discussions/{num}/comment/{comment_id}/history
        GET #/discussions/{num}/files
        GET #/likers
        GET #/playground
        GET #/tree/{rev}/{path}
        GET @/advisories
        GET @/advisories/concerning
        GET @/reports
        GET @
        GET @/commits/{rev}
        GET @/discussions
        GET @/discussions/{num}
        GET @/lifecycle
        GET @/runtime
        GET @/variables
        GET @/likers
        POST @/paths-info/{rev}
        GET @/refs
        GET @/revision/{rev}
        GET @/scan
        GET @/tree/{rev}
        GET @/tree/{rev}/{path}
        GET #
        GET #/blob/{rev}/{path}
        GET #/discussions
        GET #/discussions/{num}
        GET #/tree/{rev}
    """,
    Right.TALK: """
        POST #/ask-access/withdraw
        POST @/user-access-request/cancel
        GET #/ask-access
        POST #/ask-access/appeal
        POST @/user-access-request/appeal
        GET @/access-terms
        POST #/playground
        GET #/reports/new
        POST #/reports/new
        GET #/discussions/new
        POST #/discussions/new
        POST #/discussions/preview
        POST #/discussions/{num}/comment
        POST #/like
        POST #/watch
        POST #/discussions/{num}/mute
        POST @/reports
        POST @/discussions
        POST @/discussions/{num}/comment
        POST @/like
        DELETE @/like
    """,
    Right.ASK: """
        POST #/ask-access
        POST #/ask-access/form
    """,
    Right.READ: """
        GET #/release/read
        GET #/audit/samples
        GET #/blame/{rev}/{path}
        GET #/viewer
        GET @/auth-check
        GET @/safetensors-metadata/{path}
        GET @/xet-read-token/{rev}
        POST #/git-upload-pack
        GET #/info/lfs/locks
        POST #/info/lfs/objects/batch
        GET #/info/refs
        GET #/raw/{rev}/{path}
        GET #/resolve/{rev}/{path}
    """,
    Right.PROPOSE: """
        GET #/delete/{rev}/{path}
        GET #/edit/{rev}/{path}
        GET #/new/{rev}
        GET #/new/{rev}/{path}
        GET #/rename/{rev}/{path}
        GET #/upload/{rev}
        GET #/upload/{rev}/{path}
        POST #/delete/{rev}/{path}
        POST #/edit/{rev}/{path}
        POST #/git-receive-pack
        POST #/new/{rev}
        POST #/new/{rev}/{path}
        POST #/rename/{rev}/{path}
        POST #/upload/{rev}
        POST #/upload/{rev}/{path}
        POST @/duplicate
    """,
    Right.WRITE: """
        GET #/advisories/new
        GET #/advisories/{advisory}/edit
        POST #/advisories/new
        POST #/advisories/{advisory}/edit
        POST #/advisories/{advisory}/withdraw
        GET #/access
        GET #/access/downloads
        GET #/access/downloads.csv
        GET #/access/acceptances
        GET #/access/acceptances.csv
        GET #/access/acceptances.json
        GET #/access/rules
        POST #/access/rules
        POST #/access/import
        GET @/access-acceptances
        GET @/access-rules
        PUT @/access-rules
        POST @/user-access-request/batch
        POST @/user-access-request/import
        POST #/access/decide
        POST #/access/grant
        GET #/discussions/{num}/comment/{comment_id}/hide
        POST #/discussions/{num}/comment/{comment_id}/hide
        GET #/discussions/{num}/delete
        POST #/discussions/{num}/delete
        POST #/discussions/{num}/delete-commits
        POST #/discussions/{num}/merge
        POST #/discussions/{num}/pin
        POST #/discussions/{num}/title
        POST @/advisories
        POST @/advisories/{advisory}
        POST @/advisories/{advisory}/withdraw
        GET @/auth-check/write
        POST @/branch/{branch}
        DELETE @/branch/{branch}
        POST @/commit/{rev}
        DELETE @/discussions/{num}
        POST @/discussions/{num}/comment/{comment_id}/hide
        POST @/discussions/{num}/merge
        PATCH @/discussions/{num}/pin
        POST @/discussions/{num}/pin
        PATCH @/discussions/{num}/status
        POST @/discussions/{num}/status
        PATCH @/discussions/{num}/title
        POST @/discussions/{num}/title
        GET @/lfs-files
        GET @/logs/{which}
        GET @/secrets
        POST @/preupload/{rev}
        POST @/scan
        POST @/super-squash/{rev}
        POST @/tag/{rev}
        DELETE @/tag/{tag}
        POST @/user-access-request/grant
        POST @/user-access-request/handle
        POST @/user-access-request/renew
        GET @/user-access-request/{status}
        GET @/xet-write-token/{rev}
        POST #/info/lfs/locks
        POST #/info/lfs/locks/verify
        POST #/info/lfs/locks/{lock_id}/unlock
        GET #/user-access-report
    """,
    Right.OWN: """
        GET #/access/log
        GET #/settings
        GET #/settings/collaborators
        POST #/settings/collaborators
        POST #/settings/collaborators/remove
        GET @/collaborators
        PUT @/collaborators/users/{user}
        DELETE @/collaborators/users/{user}
        PUT @/collaborators/teams/{team}
        DELETE @/collaborators/teams/{team}
        POST #/settings/delete
        POST #/settings/gate
        POST #/settings/move
        POST #/settings/visibility
        POST @/lfs-files/batch
        POST @/lifecycle
        GET @/trusted-publishers
        DELETE @/trusted-publishers/{publisher_id}
        PUT @/settings
        DELETE @/secrets
        POST @/secrets
        DELETE @/variables
        POST @/variables
        DELETE @/{what}
        POST @/{what}
        PUT @/{what}
    """,
    Right.EDIT: """
        GET #/discussions/{num}/comment/{comment_id}/edit
        POST #/discussions/{num}/comment/{comment_id}/edit
        POST @/discussions/{num}/comment/{comment_id}/edit
    """,
    Right.HANDLE: """
        GET #/reports/{report_id}
        GET #/reports/{report_id}/case
        POST #/reports/{report_id}
        POST #/reports/{report_id}/case
        POST #/reports/{report_id}/join
        POST @/reports/{report_id}/join
        POST #/reports/{report_id}/replay
        POST @/reports/{report_id}/replay
        GET @/reports/{report_id}
        POST @/reports/{report_id}/case
        POST @/reports/{report_id}/decision
        POST @/reports/{report_id}/messages
    """,
    Right.ORGANISE: """
        POST #/settings/group
        POST @/resource-group
    """,
    Right.OVERRIDE: """
        POST #/settings/allow
        POST #/settings/withdraw
        POST @/scan/overrides
        DELETE @/scan/overrides/{number}
    """,
}

# Routes of reading that are asked for the weights of a release, too.
OF_WEIGHTS = {"GET #/raw/{rev}/{path}", "GET #/resolve/{rev}/{path}"}

# Routes that take everything there is, and so its weights.
WITH_WEIGHTS = {"POST @/duplicate"}

# Routes that are asked of a dataset; all others of a model.
OF_DATASETS = {"GET #/viewer"}

# Routes that are asked of a space, at the stages that a space can have: no gate, and no release.
STAGES_OF_SPACES = (Stage.PRIVATE, Stage.INVITED, Stage.OPEN)
OF_SPACES = {
    f"{method} @/{what}"
    for method, what in (
        ("GET", "logs/{which}"),
        ("GET", "runtime"),
        *(
            (method, what)
            for method in ("DELETE", "GET", "POST")
            for what in ("secrets", "variables")
        ),
        *((method, "{what}") for method in ("DELETE", "POST", "PUT")),
    )
}

# Routes with a repository in their address that are not asked here, and why.
ELSEWHERE = {
    "POST #/settings/collaborators/leave": "gives one's own role back: tests/web/settings",
    "POST #/reports/{report_id}/credit": "for the reporter alone: tests/hub/reports",
    "POST @/reports/{report_id}/credit": "for the reporter alone: tests/hub/reports",
    "POST @/lfs-files/duplicate": "says of each file whether it may be copied: tests/hub/large",
    "POST @/trusted-publishers": "asks first whether the issuer is known: tests/hub/oauth",
    "GET #/commit/{rev}": "sends on to the tree without looking",
}

_QUESTION = {"title": "t", "description": "d", "comment": "c", "content": "x"}
_PEOPLE = {"user": "reader", "expiresAt": "2999-01-01T00:00:00Z"}
_SETTING = {"key": "NAME", "value": "v"}
_ADVISORY = {"title": "t", "severity": "low", "details": "d", "advice": "a"}
# What is sent where it is more than nothing; and "400" where only some stages take it.
BODIES: dict[str, Any] = {
    "POST @/secrets": _SETTING,
    "DELETE @/secrets": _SETTING,
    "POST @/variables": _SETTING,
    "DELETE @/variables": _SETTING,
    "PUT @/collaborators/users/{user}": {"role": "read"},
    "PUT @/collaborators/teams/{team}": {"role": "read"},
    "POST @/discussions": {**_QUESTION, "pullRequest": False},
    "POST @/discussions/{num}/comment": _QUESTION,
    "POST @/discussions/{num}/comment/{comment_id}/edit": _QUESTION,
    "PATCH @/discussions/{num}/title": {"title": "another"},
    "POST @/discussions/{num}/title": {"title": "a third"},
    "PATCH @/discussions/{num}/status": {"status": "closed"},
    "POST @/discussions/{num}/status": {"status": "open"},
    "PATCH @/discussions/{num}/pin": {"pinned": True},
    "POST @/discussions/{num}/pin": {"pinned": False},
    "POST @/discussions/{num}/merge": {},
    "POST @/duplicate": {"repository": "{own}/copy-{name}"},
    "POST @/lfs-files/batch": {"deletions": {"sha": ["a" * 64]}},
    "POST @/paths-info/{rev}": {"paths": ["a.txt"]},
    "POST @/preupload/{rev}": {"files": [{"path": "a", "size": 1, "sample": ""}]},
    "POST @/reports": {
        "category": "wrong",
        "title": "It counts wrongly",
        "prompt": "p",
        "output": "o",
    },
    "POST @/reports/{report_id}/case": {"mustNotContain": ["x"]},
    "POST @/reports/{report_id}/decision": {"state": "triaged", "impact": "minor", "ease": "hard"},
    "POST @/reports/{report_id}/messages": {"text": "thank you"},
    "POST @/advisories": {**_ADVISORY, "reports": []},
    "POST @/advisories/{advisory}": _ADVISORY,
    "POST #/discussions/new": {"title": "t", "text": "x"},
    "POST #/discussions/preview": {"target": "new", "text": "x"},
    "POST #/discussions/{num}/comment": {"text": "x"},
    "POST #/discussions/{num}/comment/{comment_id}/edit": {"text": "x"},
    "POST #/discussions/{num}/title": {"title": "a fourth"},
    "POST #/access/grant": {"user": "reader"},
    "POST #/access/decide": {"user": "invited", "status": "accepted"},
    "POST @/resource-group": {"resourceGroupId": None},
    "POST @/scan/overrides": {"path": "a.txt", "reason": "it is fine"},
    "POST @/super-squash/{rev}": {},
    "POST @/tag/{rev}": {"tag": "v2"},
    "POST @/user-access-request/grant": _PEOPLE,
    "POST @/user-access-request/appeal": {"text": "x"},
    "POST @/user-access-request/batch": {"status": "accepted", "users": ["invited"]},
    "POST @/user-access-request/import": {"table": "reader,2999-01-01"},
    "PUT @/access-rules": {"rules": []},
    "POST @/user-access-request/renew": {**_PEOPLE, "user": "invited"},
    "POST @/user-access-request/handle": {"user": "invited", "status": "accepted"},
    "POST #/info/lfs/locks": {"path": "a.txt"},
    "POST #/info/lfs/objects/batch": {"operation": "download", "objects": []},
}


def written(route: str) -> str:
    """ "METHOD path" as the lists have it: ``@`` is a repository in the API, ``#`` on the web."""
    method, path = route.split(" ")
    for short, long in (("@", _API), ("#", _WEB)):
        if path.startswith(long):
            return f"{method} {short}{path.removeprefix(long)}"
    return route


RIGHT_OF: dict[str, Right] = {
    line.strip(): right for right, text in _LISTS.items() for line in text.strip().splitlines()
}
