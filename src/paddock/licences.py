"""Licence ids that a card may name, as the Hub spells them.

A table and a question. ``other`` stands for everything that is not here and is explained by the
card's ``license_name`` and ``license_link``; ``unknown`` is an honest answer too.
"""

from __future__ import annotations

# Open-source and public-domain licences by their SPDX ids in lower case, then Creative Commons and
# data licences, then responsible-AI licences, then those of model makers.
_OPEN_SOURCE = (
    "0bsd afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bsd bsd-2-clause bsd-3-clause "
    "bsd-3-clause-clear bsl-1.0 cddl-1.0 ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 gpl "
    "gpl-2.0 gpl-3.0 intel-research isc lgpl lgpl-2.1 lgpl-3.0 lgpl-lr lppl-1.3c mit mpl-2.0 ms-pl "
    "ncsa ofl-1.1 osl-3.0 postgresql unlicense wtfpl zlib"
)
_CONTENT_AND_DATA = (
    "c-uda cc cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 "
    "cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 "
    "cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0 cdla-permissive-2.0 cdla-sharing-1.0 "
    "fair-noncommercial-research-license gfdl odbl odc-by open-mdw openmdw-1.0 openmdw-1.1 pddl"
)
_RESPONSIBLE_AI = (
    "bigcode-openrail-m bigscience-bloom-rail-1.0 bigscience-openrail-m creativeml-openrail-m "
    "openrail openrail++ h-research deepfloyd-if-license"
)
_MODEL_MAKERS = (
    "apple-amlr apple-ascl gemma grok2-community llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 "
    "tii-falcon-llm"
)
_ANYTHING_ELSE = "other unknown"

LICENCE_IDS: tuple[str, ...] = tuple(
    sorted(
        " ".join(
            (_OPEN_SOURCE, _CONTENT_AND_DATA, _RESPONSIBLE_AI, _MODEL_MAKERS, _ANYTHING_ELSE)
        ).split()
    )
)
_KNOWN = frozenset(LICENCE_IDS)
_MAKERS = frozenset(f"{_RESPONSIBLE_AI} {_MODEL_MAKERS}".split())


def is_licence(text: str) -> bool:
    """Whether a card may name this licence; the ids are lower case and compared as they are."""
    return text in _KNOWN


def is_of_model_makers(text: str) -> bool:
    """Whether it was written for models: nobody has approved it, and what it asks is its own."""
    return text in _MAKERS
