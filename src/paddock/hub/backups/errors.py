"""What can be wrong with a backup, or with the place where it is to be restored."""

from __future__ import annotations

from paddock.errors import BadInput, Conflict


class BadBackup(BadInput):
    """The folder holds no whole backup, or not what its manifest says."""

    code = "bad_backup"


class OtherVersion(BadInput):
    """The backup holds the tables of another version of paddock."""

    code = "backup_of_other_version"


class NotEmpty(Conflict):
    """Something is where the hub is to be restored."""

    code = "restore_target_not_empty"
