"""Hostile and honest inputs for everything that paddock judges, made by code when a test runs.

The numbers 1 to 169 are a published list of what people upload; those above are our own attacks. A
case yields small trees of bytes. Nothing here does harm even when it is run, and nothing is run.

case               what a case is, and the function that writes it
everything         all families, in order
opcodes            pickle opcodes by hand
pickles            01 to 17: opcodes that ask for more than tensors
hidden_pickles     18 to 32: rarer doors, other names, wrappings; honest ones
zips               zip archives with every field in the attacker's hand
archives           33 to 44: zip, tar and other archives
numpy_bytes        NumPy's format, and its pickled random state
safetensors_files  45 to 67
gguf_bytes         GGUF by hand
gguf_files         68 to 86
onnx_bytes         ONNX by hand
other_formats      87 to 98: Keras, ONNX, programs, code, YAML, pages
templates          99 to 106: chat templates
tokenizers_files   107 to 111
leaks              112 to 117: keys, people, paths
release_trees      folders to be released
withholding        118 to 126: parts that were to be kept back
licences           127 to 140
signatures         141 to 162, without
update_metadata    155 to 157: what TUF would tell
honest_files       what honest people share
documents          163 to 169: claims
beyond_pickles     201 to 209: our own attacks on the pickle reader
beyond_archives    221 to 226: on the archive readers and the walk over a folder
beyond_weights     231 to 239: on safetensors, GGUF, ONNX, Keras
beyond_texts       241 to 245: with templates, tokenizers, configurations
beyond_pages       246 to 250: with pages, names, secrets in pieces, git's own files
"""
