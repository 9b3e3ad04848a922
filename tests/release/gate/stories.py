"""People with keys, a release.yaml with a gate, and what they sign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from paddock.release.evidence import Check
from paddock.release.gate.approving import Saying, sign_statement
from paddock.release.gate.candidate import Candidate
from paddock.release.gate.decide import Decision, decide
from paddock.release.gate.inputs import read_gate_inputs
from paddock.release.spec.reader import parse_release
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.signing.public_keys import public_pem

ROOT, OTHER_ROOT = "a1" * 32, "b2" * 32
WEIGHTS = "c3" * 32
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FILES = {"README.md": "d4" * 32, "model.safetensors": WEIGHTS}
MET = Check("licence.terms", "licence", "met", "no conflict")
SCANNED = Check("formats.scan", "formats", "met", "7 files are clean")


class Lab:
    """A folder with a release file, and people who can sign."""

    def __init__(self, base: Path, **gate: Any) -> None:
        self.base = base
        self.private: dict[str, Path] = {}
        self.sections: dict[str, Any] = {"gate": {"author": "eve", **gate}}
        self.metadata: dict[str, Any] = {"name": "acme", "version": "1.0.0", "stage": "internal"}
        (base / "people").mkdir(parents=True)

    def hire(self, person: str, *roles: str, key_of: str | None = None) -> None:
        """A person with a key of their own, or with somebody else's."""
        path = self.base / "people" / f"{person}.pem"
        if key_of is None:
            private = ed25519.Ed25519PrivateKey.generate()
            path.write_bytes(public_pem(private.public_key()))
            secret = self.base / f"{person}.secret.pem"
            secret.write_bytes(
                private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            )
            secret.chmod(0o600)
            self.private[person] = secret
        else:
            path.write_bytes((self.base / "people" / f"{key_of}.pem").read_bytes())
            self.private[person] = self.private[key_of]
        row = {"person": person, "key": f"people/{person}.pem", "roles": list(roles)}
        self.sections["gate"].setdefault("people", []).append(row)

    @property
    def spec(self) -> ReleaseSpec:
        document = {
            "apiVersion": "paddock/v1", "kind": "ModelRelease",
            "metadata": self.metadata, **self.sections,
        }  # fmt: skip
        text = yaml.safe_dump(document)
        (self.base / "release.yaml").write_text(text)
        return parse_release(text.encode())

    def approve(
        self, person: str, role: str, *, hours_ago: float = 1, root: str = ROOT,
        spec: ReleaseSpec | None = None,
    ) -> Path:  # fmt: skip
        return self._sign(person, "approval", role, hours_ago, root, spec)

    def waive(self, person: str, check: str, *, hours_ago: float = 1) -> Path:
        return self._sign(person, "waiver", check, hours_ago, ROOT, None)

    def _sign(
        self, person: str, kind: Any, subject: str, hours_ago: float, root: str,
        spec: ReleaseSpec | None,
    ) -> Path:  # fmt: skip
        saying = Saying(spec or self.spec, self.base, person, kind, subject)
        key = str(self.private[person])
        return sign_statement(saying, root, key, self.base, NOW - timedelta(hours=hours_ago))

    def decide(
        self, *checks: Check, signers: frozenset[str] = frozenset(),
        files: Mapping[str, str] = FILES, now: datetime = NOW,
    ) -> Decision:  # fmt: skip
        spec = self.spec
        inputs = read_gate_inputs(spec, self.base)
        candidate = inputs.candidate(ROOT, files, signers)
        return decide(
            spec, [MET, SCANNED, *checks], inputs.statements, candidate, now, inputs.policy
        )

    def candidate(self, signers: frozenset[str] = frozenset()) -> Candidate:
        return read_gate_inputs(self.spec, self.base).candidate(ROOT, FILES, signers)


def unmet_ids(decision: Decision) -> list[str]:
    """The ids of everything that stands against it."""
    return [check.id for check in decision.checks if check.blocks]


def sentences(decision: Decision) -> str:
    """Everything that was said, one line a condition."""
    return "\n".join(f"{c.id}: {c.status}: {c.sentence}" for c in decision.checks)
