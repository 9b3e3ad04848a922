"""Which licences count as open for the Model Openness Framework.

The framework's rule: approved by the Open Source Initiative, or free by the Free Software
Foundation (both as flagged in the SPDX licence list), or an open-data licence, or OpenMDW. An
expression counts when what it obliges to counts: all of AND, one of OR; an exception (WITH) only
adds permissions. A custom LicenseRef never counts: nobody has approved it.
"""

from __future__ import annotations

import re

MAX_EXPRESSION_CHARS = 2000
MAX_DEPTH = 20

_OSI_APPROVED = (
    "0BSD AAL AFL-1.1 AFL-1.2 AFL-2.0 AFL-2.1 AFL-3.0 AGPL-3.0 AGPL-3.0-only AGPL-3.0-or-later "
    "Apache-1.1 Apache-2.0 APL-1.0 APSL-1.0 APSL-1.1 APSL-1.2 APSL-2.0 Artistic-1.0 "
    "Artistic-1.0-cl8 Artistic-1.0-Perl Artistic-2.0 BlueOak-1.0.0 BSD-1-Clause BSD-2-Clause "
    "BSD-2-Clause-Patent BSD-3-Clause BSD-3-Clause-LBNL BSL-1.0 CAL-1.0 "
    "CAL-1.0-Combined-Work-Exception CATOSL-1.1 CDDL-1.0 CECILL-2.1 CERN-OHL-P-2.0 "
    "CERN-OHL-S-2.0 CERN-OHL-W-2.0 CNRI-Python CPAL-1.0 CPL-1.0 CUA-OPL-1.0 ECL-1.0 ECL-2.0 "
    "EFL-1.0 EFL-2.0 Entessa EPL-1.0 EPL-2.0 EUDatagrid EUPL-1.1 EUPL-1.2 Fair Frameworx-1.0 "
    "GPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0 GPL-3.0-only GPL-3.0-or-later HPND ICU IPA "
    "IPL-1.0 Intel ISC Jam LGPL-2.0 LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1 LGPL-2.1-only "
    "LGPL-2.1-or-later LGPL-3.0 LGPL-3.0-only LGPL-3.0-or-later LiLiQ-P-1.1 LiLiQ-R-1.1 "
    "LiLiQ-Rplus-1.1 LPL-1.0 LPL-1.02 LPPL-1.3c MirOS MIT MIT-0 MIT-Modern-Variant Motosoto "
    "MPL-1.0 MPL-1.1 MPL-2.0 MPL-2.0-no-copyleft-exception MS-PL MS-RL MulanPSL-2.0 Multics "
    "NASA-1.3 Naumen NCSA NGPL Nokia NPOSL-3.0 NTP OCLC-2.0 OFL-1.1 OFL-1.1-no-RFN OFL-1.1-RFN "
    "OGTSL OLDAP-2.8 OLFL-1.3 OSET-PL-2.1 OSL-1.0 OSL-2.0 OSL-2.1 OSL-3.0 PHP-3.0 PHP-3.01 "
    "PostgreSQL Python-2.0 QPL-1.0 RPL-1.1 RPL-1.5 RPSL-1.0 RSCPL SimPL-2.0 SISSL Sleepycat "
    "SPL-1.0 UCL-1.0 Unicode-3.0 Unicode-DFS-2016 Unlicense UPL-1.0 VSL-1.0 W3C Watcom-1.0 "
    "wxWindows Xnet Zlib ZPL-2.0 ZPL-2.1"
)
_FSF_LIBRE = (
    "AGPL-1.0 Apache-1.0 BitTorrent-1.1 BSD-2-Clause-FreeBSD BSD-2-Clause-NetBSD "
    "BSD-3-Clause-Clear BSD-4-Clause CC0-1.0 CC-BY-4.0 CC-BY-SA-4.0 CECILL-2.0 CECILL-B CECILL-C "
    "ClArtistic Condor-1.1 FSFAP FTL GFDL-1.1 GFDL-1.1-only GFDL-1.1-or-later GFDL-1.2 "
    "GFDL-1.2-only GFDL-1.2-or-later GFDL-1.3 GFDL-1.3-only GFDL-1.3-or-later gnuplot IJG iMatix "
    "Imlib2 LPPL-1.2 LPPL-1.3a NOSL NPL-1.0 NPL-1.1 ODbL-1.0 OLDAP-2.3 OLDAP-2.7 OpenSSL OSL-1.1 "
    "Ruby SGI-B-2.0 SMLNJ StandardML-NJ Vim WTFPL X11 XFree86-1.1 xinetd YPL-1.1 Zend-2.0 "
    "Zimbra-1.3"
)
_OPEN_DATA = (
    "CC0-1.0 CDLA-Permissive-1.0 CDLA-Permissive-2.0 CDLA-Sharing-1.0 PDDL-1.0 "
    "ODC-By-1.0 ODbL-1.0 GFDL-1.3 OGL-UK-2.0 OGL-UK-3.0 OGL-Canada-2.0"
)
_OPENMDW = "OpenMDW-1.0 OpenMDW-1.1 LicenseRef-scancode-openmdw-1.0 open-mdw"
_HUB_NAMES = "agpl-3.0 gpl-2.0 gpl-3.0 lgpl-2.1 lgpl-3.0 odbl odc-by pddl gfdl ofl-1.1"

# Versions and ports of the two families are many, and all count (CC-BY-3.0-DE, CC-BY-SA-2.0-UK).
_CC_BY = re.compile(r"cc-by(?:-sa)?-[1-4]\.[0-9](?:-[a-z]{2,3})?")
_COUNTED = frozenset(
    name.lower()
    for names in (_OSI_APPROVED, _FSF_LIBRE, _OPEN_DATA, _OPENMDW, _HUB_NAMES)
    for name in names.split()
)
_CODE = frozenset(_OSI_APPROVED.lower().split()) | {"apache-1.0"}
_TOKEN = re.compile(r"[()]|[^\s()]+")


def is_open(expression: str) -> bool:
    """Whether terms count; an expression that cannot be read does not."""
    words = _TOKEN.findall(expression) if len(expression) <= MAX_EXPRESSION_CHARS else []
    verdict, rest = _any_of(words, 0)
    return verdict and not rest


def is_for_type(expression: str, content_type: str) -> bool:
    """Whether terms that count were also made for code, data or documents."""
    name = expression.strip().lower()
    if "openmdw" in name or name == "cc0-1.0":
        return True
    return (name in _CODE) == (content_type == "code")


def _any_of(words: list[str], depth: int) -> tuple[bool, list[str]]:
    verdict, rest = _all_of(words, depth)
    while rest and rest[0].upper() == "OR":
        other, rest = _all_of(rest[1:], depth)
        verdict = verdict or other
    return verdict, rest


def _all_of(words: list[str], depth: int) -> tuple[bool, list[str]]:
    verdict, rest = _one(words, depth)
    while rest and rest[0].upper() == "AND":
        other, rest = _one(rest[1:], depth)
        verdict = verdict and other
    return verdict, rest


def _one(words: list[str], depth: int) -> tuple[bool, list[str]]:
    if not words or depth > MAX_DEPTH:
        return False, ["?"]  # never empty: what cannot be read does not count
    if words[0] == "(":
        verdict, rest = _any_of(words[1:], depth + 1)
        return (verdict, rest[1:]) if rest[:1] == [")"] else (False, ["?"])
    name, rest = words[0].lower().removesuffix("+"), words[1:]
    if len(rest) >= 2 and rest[0].upper() == "WITH":
        rest = rest[2:]
    return name in _COUNTED or _CC_BY.fullmatch(name) is not None, rest
