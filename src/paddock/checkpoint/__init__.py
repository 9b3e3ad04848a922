"""Weights on disk: bounded readers, streaming writers, and a look for what is hostile in them.

No torch, and nothing of a file is ever executed.

opening         a checkpoint, whatever its format
shape           what a Llama is: configuration, names and shapes of its tensors
safetensors     Hugging Face's weights and folders
gguf            llama.cpp's single file
meta            Meta's layout
pytorch         PyTorch's files, interpreted without pickle
numpy_files     NumPy's arrays
llama2c         llama2.c's ``.bin``
tokenizer       the tokenizer among the files
chat_template   the chat template, rendered under limits
codecs          numbers between their types, and quantised blocks
convert         any checkpoint in other formats, in one pass
scan            what could hurt whoever loads a file
inspection      the facts behind ``paddock inspect``
licence_hints   what the files say about the licence
tensors         a tensor on disk, streamed
dtypes          what its elements are, and how many bytes they take
strided         bytes of an array that lies in another order
zip_archive     zip archives that read the same in every program
output_folder   a folder that appears whole or not at all
strict_json     JSON with one reading only
fields          typed values out of it
sizes           sizes as people write them
errors          why a checkpoint is refused
"""
