"""What can go wrong between a checkpoint and a verified release.

Every leaf has a stable code; the messages carry the offending value and the hint the next step.
"""

from __future__ import annotations

from paddock.errors import BadInput, Conflict, PaddockError, Refused, Unavailable


class BadReleaseFile(BadInput):
    """A release.yaml that cannot be used as it is; the message starts with file and line."""

    code = "bad_release_file"


class NotSupportedYet(BadReleaseFile):
    """A key of the full format whose work this version does not do: never silently accepted."""

    code = "not_supported_yet"


class BadManifest(BadInput):
    """A release.json that no honest tool writes."""

    code = "bad_manifest"


class BadStatement(BadInput):
    """An attestation that no verifier could check, or that would say nothing."""

    code = "bad_statement"


class GateRefused(Refused):
    """The release must not go out: every unmet condition is in the message."""

    code = "gate_refused"
    exit_code = 5


class SourceChanged(Conflict):
    """The checkpoint changed while it was being released."""

    code = "source_changed"


class VersionTaken(Conflict):
    """This version was published before, with other content."""

    code = "version_taken"


class HubRefused(PaddockError):
    """The hub answered, and said no."""

    code = "hub_refused"
    status = 502


class HubUnreachable(Unavailable):
    """The hub did not answer."""

    code = "hub_unreachable"


class BadEscrow(BadInput):
    """The secret that salts commitments cannot be used."""

    code = "bad_escrow"


class BadProof(BadInput):
    """A proof of withheld content that no honest tool writes."""

    code = "bad_proof"


class WithholdingRefused(Refused):
    """What release.yaml keeps back cannot be kept back so: every reason is in the message."""

    code = "withholding_refused"
    exit_code = 5


class DerivingRefused(Refused):
    """A step that makes the released checkpoint cannot be done."""

    code = "deriving_refused"
    exit_code = 5


class RegistryRefused(PaddockError):
    """An OCI registry answered, and said no, or something that no registry says."""

    code = "registry_refused"
    status = 502


class RegistryUnreachable(Unavailable):
    """An OCI registry did not answer."""

    code = "registry_unreachable"
