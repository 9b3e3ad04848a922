"""What every rule of release.yaml means in this checkpoint.

Reads headers, configurations and names of files, no weights.
"""

from __future__ import annotations

from pathlib import Path

from paddock.release.errors import NotSupportedYet
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.withholding.withheld import Withheld


def select(source: Path, spec: ReleaseSpec, *, texts_folder: Path | None = None) -> Withheld:
    """What would be withheld, without commitments; its checks say what is wrong with the rules."""
    for component in spec.components:
        if component.access == "withheld" or component.withhold:
            raise NotSupportedYet(f"{component.name}: this version withholds nothing yet")
    return Withheld()
