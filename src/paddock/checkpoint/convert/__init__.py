"""Any checkpoint in other formats, in one pass over it.

convert        what ``paddock convert`` does
options        what is wanted, checked
planning       which files that makes
plan           what is planned, to the byte
hugging_face   a Hugging Face folder, planned
gguf_files     GGUF files, planned
stacking       tensors of a GGUF file from those of all experts
meta_folder    Meta's layout, planned
plain_types    which plain type where there are no blocks
source_texts   tokenizer, template and licences of the source
small_files    files beside the weights
weight_file    a file of weights: its parts and their places
rendering      a tensor's bytes in another type and order
streaming      one pass over the source
source_files   the source's files, hashed while they are read
outputs        the files of one pass
output_file    one of them, on its way out
hashing        two digests of a stream
flow           bytes under way, bounded
memory         what a conversion may take of it
disk_space     whether the destination has room
model_names    what a model is called
"""
