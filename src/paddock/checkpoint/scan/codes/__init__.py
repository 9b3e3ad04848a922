"""Every code that a scan can give, how bad it is, and what to do about it.

The one table, in sections by what is scanned; ``docs/scan-codes.md`` is made from it. A check names
a code and never a level, so that one cause has one consequence.

code        what a code consists of, and the three levels
any_file    the scan itself, names, types and sizes, whatever the format
pickles     pickles, and files that hide one
archives    what only unpacking shows
formats     programs, documents, and formats that carry programs
templates   chat templates
tokenizers  tokenizers
settings    configurations and metadata
texts       source code, pages, secrets, people
weights     values of weights
across      files against each other, and what other scanners say
"""

from __future__ import annotations

from paddock.checkpoint.scan.codes.across import ACROSS
from paddock.checkpoint.scan.codes.any_file import ANY_FILE
from paddock.checkpoint.scan.codes.archives import ARCHIVES
from paddock.checkpoint.scan.codes.code import Code, Level
from paddock.checkpoint.scan.codes.formats import FORMATS
from paddock.checkpoint.scan.codes.pickles import PICKLES
from paddock.checkpoint.scan.codes.settings import SETTINGS
from paddock.checkpoint.scan.codes.templates import TEMPLATES
from paddock.checkpoint.scan.codes.texts import TEXTS
from paddock.checkpoint.scan.codes.tokenizers import TOKENIZERS
from paddock.checkpoint.scan.codes.weights import WEIGHTS

__all__ = ["CODES", "Code", "Level"]

CODES: dict[str, Code] = {
    **ANY_FILE,
    **PICKLES,
    **ARCHIVES,
    **FORMATS,
    **TEMPLATES,
    **TOKENIZERS,
    **SETTINGS,
    **TEXTS,
    **WEIGHTS,
    **ACROSS,
}
