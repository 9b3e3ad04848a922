"""Parquet files, opened under bounds and written anew, one group of rows at a time.

The thin file around pyarrow, an extra that is imported only here: it bounds the footer before
anything parses it, and turns the library's failures into refusals. A file that is written holds the
columns of its rows and nothing else: no key-value metadata, no metadata of fields, statistics and
dictionaries of what is in it alone.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

from paddock.errors import shown
from paddock.release.errors import WithholdingRefused

MAX_FOOTER_BYTES: Final = 32 << 20
MAX_GROUP_BYTES: Final = 1 << 30  # of one group of rows, unpacked: held twice while it is written
MAX_COLUMNS: Final = 10_000
BATCH_ROWS: Final = 4096
_MAGIC: Final = b"PAR1"
_ENCRYPTED: Final = b"PARE"
_TAIL_BYTES: Final = 8  # the footer's length and the magic


@contextmanager
def opened_parquet(file: BinaryIO, where: str) -> Iterator[Any]:
    """pyarrow's ParquetFile; raises WithholdingRefused for what is none, or larger than honest."""
    _require_bounded(file, where)
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise WithholdingRefused(
            f"{where} is Parquet, which needs pyarrow",
            hint="install paddock[parquet], or write the rows as JSON Lines",
        ) from None
    try:
        table = pq.ParquetFile(
            file, thrift_string_size_limit=MAX_FOOTER_BYTES, thrift_container_size_limit=1_000_000
        )
        _require_plain(table, where)
        yield table
    except (pa.ArrowException, OSError, MemoryError, OverflowError) as e:
        said = str(e).split("\n", 1)[0]
        raise WithholdingRefused(f"{where} is not usable Parquet: {shown(said)}") from e


def group_tables(table: Any) -> Iterator[Any]:
    """Every group of rows as one table without metadata."""
    import pyarrow as pa

    schema = bare_schema(table.schema_arrow)
    for number in range(table.num_row_groups):
        rows = list(table.iter_batches(BATCH_ROWS, row_groups=[number], use_threads=False))
        yield pa.Table.from_batches(rows, table.schema_arrow).cast(schema)


def bare_schema(schema: Any) -> Any:
    """The same columns without metadata of any."""
    import pyarrow as pa

    return pa.schema([_bare_field(field) for field in schema])


def _bare_field(field: Any) -> Any:
    import pyarrow as pa

    type_ = field.type
    if pa.types.is_struct(type_):
        type_ = pa.struct([_bare_field(type_.field(i)) for i in range(type_.num_fields)])
    elif pa.types.is_large_list(type_):
        type_ = pa.large_list(_bare_field(type_.value_field))
    elif pa.types.is_fixed_size_list(type_):
        type_ = pa.list_(_bare_field(type_.value_field), type_.list_size)
    elif pa.types.is_list(type_):
        type_ = pa.list_(_bare_field(type_.value_field))
    elif pa.types.is_map(type_):
        type_ = pa.map_(type_.key_type, _bare_field(type_.item_field))
    return pa.field(field.name, type_, nullable=field.nullable)


class _Sink(io.RawIOBase):
    """Hands what is written to a function."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write, self._at = write, 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, piece: Any) -> int:
        content = bytes(piece)
        self._write(content)
        self._at += len(content)
        return len(content)


def write_groups(
    tables: Iterator[Any], schema: Any, codec: str, write: Callable[[bytes], object]
) -> None:
    """A Parquet file of these groups of rows; its bytes depend on the version of pyarrow alone."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(_Sink(write), schema, compression=codec, write_page_index=False) as out:
        for table in tables:
            out.write_table(table, row_group_size=max(1, table.num_rows))


def codec_of(table: Any) -> str:
    """How the first column is packed; what this writer cannot repeat becomes Zstandard."""
    footer = table.metadata
    if not footer.num_row_groups or not footer.num_columns:
        return "zstd"
    named = str(footer.row_group(0).column(0).compression).lower()
    return {"uncompressed": "none"}.get(named, named if named in _CODECS else "zstd")


_CODECS: Final = frozenset({"snappy", "gzip", "brotli", "zstd"})


def _require_bounded(file: BinaryIO, where: str) -> None:
    """The footer is as long as its last bytes say, and the library will read all of it."""
    size_bytes = file.seek(0, io.SEEK_END)
    file.seek(max(0, size_bytes - _TAIL_BYTES))
    tail = file.read(_TAIL_BYTES)
    file.seek(0)
    if tail[4:] == _ENCRYPTED:
        raise WithholdingRefused(f"{where} is encrypted Parquet", hint="release it readable")
    footer_bytes = int.from_bytes(tail[:4], "little")
    if tail[4:] != _MAGIC or footer_bytes > size_bytes - _TAIL_BYTES - len(_MAGIC):
        raise WithholdingRefused(f"{where} is not Parquet")
    if footer_bytes > MAX_FOOTER_BYTES:
        raise WithholdingRefused(
            f"the footer of {where} has {footer_bytes} bytes, more than {MAX_FOOTER_BYTES}"
        )


def _require_plain(table: Any, where: str) -> None:
    footer = table.metadata
    if footer.num_columns > MAX_COLUMNS:
        raise WithholdingRefused(f"{where} has {footer.num_columns} columns")
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        columns = [group.column(i) for i in range(group.num_columns)]
        size_bytes = sum(max(0, column.total_uncompressed_size) for column in columns)
        if max(size_bytes, group.total_byte_size) > MAX_GROUP_BYTES:
            raise WithholdingRefused(
                f"{where} has a group of rows of {size_bytes} bytes, more than {MAX_GROUP_BYTES}",
                hint="write it with smaller groups of rows",
            )
    names = [name.casefold() for name in table.schema_arrow.names]
    if len(set(names)) != len(names):
        raise WithholdingRefused(f"{where} has two columns of one name")
