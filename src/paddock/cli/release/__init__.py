"""``paddock release``: a file a verb, imported only when it is used."""

from __future__ import annotations

import click

from paddock.cli.lazy import LazyGroup

_VERBS = {
    "init": "Write a release.yaml for a checkpoint.",
    "plan": "Say what would happen and what forbids it; change nothing.",
    "build": "Build the signed release into a folder.",
    "publish": "Plan, build and publish: everything, or nothing.",
    "approve": "Sign that a candidate may leave, or that a condition is waived.",
    "approvals": "Say who has approved a candidate, and what is missing.",
    "sign": "Add your signature to a built release, on any machine.",
    "declare": "Sign the answers that licences ask a person for.",
    "withhold": "Write the open version of a checkpoint alone.",
    "reveal": "Write a proof of one withheld item.",
    "check-proof": "Check such a proof against a release, and against the content.",
    "supersede": "Announce that another version takes a release's place.",
    "deprecate": "Announce that a release should not be used for anything new.",
    "yank": "Announce that a release should not be used.",
    "revoke": "Announce that a release must not be used by anybody.",
    "stage": "Announce who may have a repository, now or from a moment on.",
    "schema": "Print the JSON schema of release.yaml.",
}
_FORMAT = """TARGET is a release.yaml, or a folder: one without a release.yaml gets one written from
what is found in it, and every assumption is printed."""


@click.command(
    cls=LazyGroup,
    package=__name__,
    verbs=_VERBS,
    help="Make a release, and care for it afterwards.",
    epilog=_FORMAT,
)
def command() -> None:
    pass
