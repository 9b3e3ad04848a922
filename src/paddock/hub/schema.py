"""All tables of the hub together: importing this makes ``metadata`` complete.

What every noun knows is in ``hub/tables.py``; a noun's own rows are in the ``tables.py`` beside it.
"""

from __future__ import annotations

from paddock.hub.advisories import tables as _advisories
from paddock.hub.attachments import tables as _attachments
from paddock.hub.audit_log import tables as _audit_log
from paddock.hub.catalogue import tables as _catalogue
from paddock.hub.collaborators import tables as _collaborators
from paddock.hub.collections import tables as _collections
from paddock.hub.discussions import tables as _discussions
from paddock.hub.download_log import tables as _download_log
from paddock.hub.follows import tables as _follows
from paddock.hub.gates import tables as _gates
from paddock.hub.git_http import tables as _git_http
from paddock.hub.groups import tables as _groups
from paddock.hub.jobs import tables as _jobs
from paddock.hub.large import tables as _large
from paddock.hub.lifecycle import tables as _lifecycle
from paddock.hub.likes import tables as _likes
from paddock.hub.mail import tables as _mail
from paddock.hub.mirror import tables as _mirror
from paddock.hub.notifications import tables as _notifications
from paddock.hub.oauth import tables as _oauth
from paddock.hub.people import tables as _people
from paddock.hub.profiles import tables as _profiles
from paddock.hub.releases import tables as _releases
from paddock.hub.reports import tables as _reports
from paddock.hub.scans import tables as _scans
from paddock.hub.sessions import tables as _sessions
from paddock.hub.spaces import tables as _spaces
from paddock.hub.tables import metadata
from paddock.hub.tags import tables as _tags
from paddock.hub.teams import tables as _teams
from paddock.hub.webhooks import tables as _webhooks

__all__ = [
    "_advisories",
    "_attachments",
    "_audit_log",
    "_catalogue",
    "_collaborators",
    "_collections",
    "_discussions",
    "_download_log",
    "_follows",
    "_gates",
    "_git_http",
    "_groups",
    "_jobs",
    "_large",
    "_lifecycle",
    "_likes",
    "_mail",
    "_mirror",
    "_notifications",
    "_oauth",
    "_people",
    "_profiles",
    "_releases",
    "_reports",
    "_scans",
    "_sessions",
    "_spaces",
    "_tags",
    "_teams",
    "_webhooks",
    "metadata",
]
