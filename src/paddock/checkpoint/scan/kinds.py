"""What a file can be, as its bytes say. Names alone; how each is recognised is ``identify``."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The type of a file, by its content."""

    # Weights
    SAFETENSORS = "safetensors"
    GGUF = "gguf"
    LLAMA2C = "llama2.c"
    TORCH_ZIP = "torch zip"
    TORCH_LEGACY = "torch legacy"
    PICKLE = "pickle"
    NPY = "npy"
    NPZ = "npz"
    # Formats that carry programs
    TORCHSCRIPT = "torchscript"
    KERAS = "keras"  # a .keras archive
    HDF5 = "hdf5"  # Keras before version 3, and others
    ONNX = "onnx"
    SAVED_MODEL = "tensorflow saved model"
    TFLITE = "tflite"
    NEMO = "nemo"
    MAR = "torchserve archive"
    # Archives and compressed streams
    ZIP = "zip"
    TAR = "tar"
    GZIP = "gzip"
    ZLIB = "zlib"
    BZIP2 = "bzip2"
    XZ = "xz"
    ZSTD = "zstd"
    LZ4 = "lz4"
    SEVEN_ZIP = "7z"
    RAR = "rar"
    OTHER_ARCHIVE = "another archive"  # cab, cpio, iso, and their like
    UTF16 = "utf-16 text"
    # Programs
    EXECUTABLE = "executable"
    SCRIPT = "script"  # begins with #!, not Python
    PYTHON = "python"
    NOTEBOOK = "notebook"
    # Text
    JSON = "json"
    JSON_LINES = "json lines"
    YAML = "yaml"
    TOML = "toml"
    JINJA = "jinja"
    HTML = "html"
    SVG = "svg"
    XML = "xml"
    MARKDOWN = "markdown"
    TEXT = "text"  # any other UTF-8, CSV too
    LFS_POINTER = "lfs pointer"
    # Tokenizers
    SENTENCEPIECE = "sentencepiece"
    TIKTOKEN = "tiktoken"
    LLAMA2C_TOKENIZER = "llama2.c tokenizer"
    # Documents and tables
    IMAGE = "image"
    MEDIA = "sound or film"
    PDF = "pdf"
    PARQUET = "parquet"
    ARROW = "arrow"
    SQLITE = "sqlite"
    # What git keeps
    GIT_DATA = "git data"
    # Neither
    EMPTY = "empty"
    UNKNOWN = "unknown"


TEXTS = frozenset(
    {
        Kind.SCRIPT,
        Kind.PYTHON,
        Kind.NOTEBOOK,
        Kind.JSON,
        Kind.JSON_LINES,
        Kind.YAML,
        Kind.TOML,
        Kind.JINJA,
        Kind.HTML,
        Kind.SVG,
        Kind.XML,
        Kind.MARKDOWN,
        Kind.TEXT,
        Kind.LFS_POINTER,
        Kind.TIKTOKEN,
    }
)
WEIGHTS = frozenset(
    {
        Kind.SAFETENSORS,
        Kind.GGUF,
        Kind.LLAMA2C,
        Kind.TORCH_ZIP,
        Kind.TORCH_LEGACY,
        Kind.NPY,
        Kind.NPZ,
    }
)
