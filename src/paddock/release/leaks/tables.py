"""The rows of a Parquet file as lines of JSON, with what its footer says besides.

Columns may be packed in ways that no search through bytes sees. Bytes that belong to no column and
not to the footer, where anything could be kept, are told.
"""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checkpoint.errors import BadArchive
from paddock.checkpoint.scan.archives.inner import Inner
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.release.errors import WithholdingRefused
from paddock.release.withholding.parquet_fields import row_texts
from paddock.release.withholding.parquet_file import opened_parquet

_MAGICS_BYTES = 12  # at both ends, and the footer's length


def open_parquet(look: Look) -> Iterator[Reason | Inner]:
    """One member, its rows; raises BadArchive for what cannot be read."""
    try:
        with look.file.open("rb") as file, opened_parquet(file, look.name) as table:
            footer = table.metadata
            groups = [footer.row_group(i) for i in range(footer.num_row_groups)]
            columns = [group.column(i) for group in groups for i in range(group.num_columns)]
            known = sum(column.total_compressed_size for column in columns)
            stray_bytes = look.size_bytes - known - footer.serialized_size - _MAGICS_BYTES
    except WithholdingRefused as e:
        raise BadArchive("bad_table", e.message) from e
    if stray_bytes:
        sentence = f"{stray_bytes} bytes of it are in no column: indexes, or something else"
        yield Reason("hidden_bytes", look.name, sentence)
    yield Inner("rows.jsonl", _rows(look))


def _rows(look: Look) -> Iterator[bytes]:
    try:
        with look.file.open("rb") as file:
            yield from row_texts(file, look.name)
    except WithholdingRefused as e:
        raise BadArchive("bad_table", e.message) from e
