"""``sign``: with which keys, how many of them, and how long that counts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from paddock.release.spec.section import FilePath, Many, Section, Text, without_repeats, wrong

Days = Annotated[int, Field(ge=1, le=3650)]


class Oms(Section):
    """OpenSSF Model Signing: one ECDSA key."""

    key: Text = Field(description="A file, or a URI such as hsm:… or gcpkms://….")


class Dsse(Section):
    """A second envelope that several keys sign."""

    keys: Many[Text] = Field(
        description="Files or URIs of Ed25519, ECDSA or ML-DSA-65 keys; a public key stands for "
        "somebody who signs elsewhere, with `paddock release sign`."
    )
    threshold: Annotated[int, Field(ge=1, le=100)] = Field(
        1, description="How many distinct keys must have signed."
    )

    @model_validator(mode="after")
    def _agrees(self) -> Dsse:
        without_repeats(self.keys, "a key twice")
        if self.threshold > len(self.keys):
            raise wrong(f"a threshold of {self.threshold} needs as many keys, not {len(self.keys)}")
        return self


class Keyless(Section):
    """Sigstore: an identity instead of a key."""

    identity: Text = Field(description="Who signs, such as an e-mail address.")
    issuer: Text = Field(description="Who says so: the address of an OpenID provider.")
    optional: bool = Field(False, description="Whether a release may leave without it.")
    bundle: FilePath = Field(
        "release.sigstore.json", description="What `sigstore sign` wrote about release.json."
    )


class Tuf(Section):
    """The Update Framework: what is current, and which keys count."""

    repo: FilePath = Field("tuf", description="The folder of the metadata, kept between releases.")
    keys: Text | None = Field(None, description="The folder of its keys; else your own.")
    root_threshold: Annotated[int, Field(ge=1, le=100)] = Field(
        1, description="How many root keys must sign."
    )
    timestamp_days: Days = Field(7, description="How long the timestamp counts.")
    snapshot_days: Days = Field(30, description="How long the snapshot counts.")
    targets_days: Days = Field(90, description="How long the targets count.")
    root_days: Days = Field(365, description="How long the root counts.")


class Sign(Section):
    """Who vouches for the release."""

    oms: Oms | None = None
    dsse: Dsse | None = None
    keyless: Keyless | None = None
    tuf: Tuf | None = None
