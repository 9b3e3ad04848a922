"""llama.cpp's single file: header, metadata, tokenizer and tensors.

reading            one file, checked to the byte
header_bytes       its header, taken step by step
layout             its tensors, each at its place
splits             several files that are one model
values             metadata, each value with its type
ggml_types         element types and their blocks
naming             what tensors are called
expert_stacks      experts, of which there is one tensor for all
checkpoint         a file as a Llama
config             a Llama's shape in the metadata
rope_factors       RoPE's scaling as a tensor
tokenizer_arrays   the tokenizer's arrays, that they fit each other
tokenizer_reading  the tokenizer as ``tokenizer.json``
tokenizer_writing  ``tokenizer.json`` as metadata
piece_scores       scores of pieces, from merges
spaces             what becomes of spaces
pre_tokenizers     how text is cut into words, by name
metadata           all that is written before the tensors
writing            the header, rendered
recipes            which tensor becomes what type: llama.cpp's mixtures
"""
