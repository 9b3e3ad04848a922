"""llama.cpp's single file: header, metadata, tokenizer and tensors.

values      metadata, each value with its type
ggml_types  element types and their blocks
naming      what tensors are called
writing     the header, rendered
recipes     which tensor becomes what type: llama.cpp's mixtures
"""
