"""Weights on disk: bounded readers, streaming writers. No torch, and nothing is ever executed.

opening             a checkpoint, whatever its format
hf_folder           Hugging Face's layout
meta_folder         Meta's layout
meta_params         its ``params.json``
llama2c             llama2.c's ``.bin``
config              the shape of a Llama
published           the shapes that Meta published
layout              which tensors there are, by which names and in which order
tensors             a tensor on disk, streamed
safetensors         the format, read
safetensors_writer  the format, written
torch_file          a PyTorch file
zip_archive         the archive that it is
torch_pickle        the pickle in it, interpreted without pickle
torch_values        what that may speak of
tokenizer_files     the tokenizer among the files
sentencepiece_file  SentencePiece's ``tokenizer.model``
tiktoken_file       Llama 3's ``tokenizer.model``
tokenizer_json      either of them as ``tokenizer.json``
inspection          the facts behind ``paddock inspect``
licence_hints       what the files say about the licence
convert             any checkpoint as a Hugging Face folder
output_folder       a folder that appears whole or not at all
digesting_file      a file in it, hashed while it is written
strict_json         JSON with one reading only
fields              typed values out of it
sizes               sizes as people write them
errors              why a checkpoint is refused
"""
