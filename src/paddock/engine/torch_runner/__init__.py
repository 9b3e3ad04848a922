"""The runner in PyTorch: reference, fallback on any CPU, and the one for GPUs.

What is for GPUs has not run on one yet: its kernels are held against plain torch in Triton's
interpreter, its captured steps and its draws on a CPU (``tests/engine/torch_runner``).

opening            a runner from a checkpoint
runner             steps in, logits and tokens out
layers             one step through all layers
llama4             attention of Llama 4
experts            a mixture of experts in place of a layer's feed-forward
batch              a step as tensors, and the paged KV cache
plain_operations   what happens between products, in plain torch
fused_operations   the same in Triton kernels, on a GPU
kernels            those kernels
attention_kernels  paged attention's
graphs             steps of a GPU captured and replayed
drawing            tokens drawn where the logits are
weights            what a model is made of
reading            weights from a checkpoint, in the kinds that a precision asks for
matrices           products of plain and quantised matrices
dequantising       ggml's blocks to numbers
low_rank           LoRA adapters
memory             how much there is, and what happens where there is none
"""
