"""The checks of what files say: tables by the type of file, and across files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from paddock.checkpoint.scan.configs import check_config, check_metadata
from paddock.checkpoint.scan.consistency import check_consistency
from paddock.checkpoint.scan.kinds import TEXTS, WEIGHTS, Kind
from paddock.checkpoint.scan.licence_texts import check_licences
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.templates.places import check_copies, check_templates
from paddock.checkpoint.scan.texts.git_settings import check_git_settings
from paddock.checkpoint.scan.texts.markup import check_markup
from paddock.checkpoint.scan.texts.notebooks import check_notebook
from paddock.checkpoint.scan.texts.packages import check_packages
from paddock.checkpoint.scan.texts.privacy import check_privacy
from paddock.checkpoint.scan.texts.programs import check_programs
from paddock.checkpoint.scan.texts.secrets import check_secrets
from paddock.checkpoint.scan.tokenizers.agreement import check_agreement
from paddock.checkpoint.scan.tokenizers.reading import check_tokenizer
from paddock.checkpoint.scan.weights.judging import check_values
from paddock.checkpoint.scan.yaml_files import check_settings, check_yaml

FileCheck = Callable[[Look], Iterator[Reason]]
FolderCheck = Callable[[Sequence[Look]], Iterator[Reason]]

# The kinds that a check looks at; None stands for all.
FILE_CHECKS: tuple[tuple[frozenset[Kind] | None, FileCheck], ...] = (
    (None, check_templates),
    (frozenset((Kind.JSON, Kind.GGUF, Kind.SENTENCEPIECE)), check_tokenizer),
    (frozenset((Kind.JSON, Kind.NOTEBOOK)), check_config),
    (frozenset((Kind.SAFETENSORS, Kind.GGUF)), check_metadata),
    (frozenset((Kind.YAML, Kind.MARKDOWN)), check_yaml),
    (frozenset((Kind.TOML, Kind.TEXT)), check_settings),
    (TEXTS, check_programs),
    (TEXTS, check_packages),
    (TEXTS, check_git_settings),
    (None, check_secrets),
    (None, check_privacy),
    (WEIGHTS, check_values),
    (frozenset((Kind.NOTEBOOK,)), check_notebook),
    (frozenset((Kind.SVG, Kind.HTML, Kind.XML, Kind.MARKDOWN, Kind.UTF16)), check_markup),
)
FOLDER_CHECKS: tuple[FolderCheck, ...] = (
    check_copies,
    check_agreement,
    check_consistency,
    check_licences,
)
