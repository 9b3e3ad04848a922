"""The models that engines are compared on, in each peer's own format, made once and kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks.engine_step import SHAPES as STEP_SHAPES
from benchmarks.llama_shaped import write_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.opening import model_bytes
from paddock.engine.precision import Precision

TINY = LlamaConfig(
    dim=64, layers=2, heads=4, kv_heads=2, head_dim=16, ffn_dim=256, vocab_size=512, context=2048,
    tied_embeddings=True,
)  # fmt: skip
SHAPES = {**STEP_SHAPES, "tiny": TINY}
RECIPES = {"bfloat16": "bf16", "int8": "q8_0", "int4": "q4_0"}
# What optimum-intel does to a folder of Hugging Face's: fp16, or 8 or 4 bits in groups.
_EXPORT = """
import sys
from optimum.intel import OVModelForCausalLM, OVWeightQuantizationConfig
source, target, bits = sys.argv[1], sys.argv[2], int(sys.argv[3])
group = {"group_size": 64, "ratio": 1.0} if bits == 4 else {}
how = OVWeightQuantizationConfig(bits=bits, sym=True, **group) if bits < 16 else None
more = {"quantization_config": how} if how else {"load_in_8bit": False}
model = OVModelForCausalLM.from_pretrained(source, export=True, compile=False, **more)
model.save_pretrained(target)
"""


class Model(NamedTuple):
    """Random weights in Hugging Face's layout, and what was converted from them beside it."""

    folder: Path
    config: LlamaConfig

    def gguf(self, precision: str) -> Path:
        """The GGUF file of these bits."""
        recipe = RECIPES[precision]
        target = self.folder.with_name(f"{self.folder.name}-{recipe}.gguf")
        if not target.exists():
            code = "from paddock.cli import main; main()"
            command = ["convert", str(self.folder), str(target), "--to", "gguf", "--quant", recipe]
            subprocess.run([sys.executable, "-c", code, *command], check=True, capture_output=True)
        return target

    def for_paddock(self, precision: str) -> tuple[Path, str]:
        """What our engine opens: for 4 bits llama.cpp's own file, so that the bits are the same."""
        return (self.gguf(precision), "auto") if precision == "int4" else (self.folder, precision)

    def weight_bytes(self, precision: str) -> int:
        """Bytes of weights that one token needs."""
        path, named = self.for_paddock(precision)
        return model_bytes(path, Precision(named)).weights

    def openvino(self, python: Path, bits: int) -> Path:
        """The folder that optimum-intel exports."""
        target = self.folder.with_name(f"{self.folder.name}-openvino-{bits}")
        if not target.exists():
            command = [str(python), "-c", _EXPORT, str(self.folder), str(target), str(bits)]
            subprocess.run(command, check=True, capture_output=True)
        return target


def make(folder: Path, shape: str) -> Model:
    """The model of this shape in the folder, written if it is not there."""
    target = folder / shape
    if not target.exists():
        write_checkpoint(target, SHAPES[shape])
    return Model(target, SHAPES[shape])
