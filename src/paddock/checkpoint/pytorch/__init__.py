"""PyTorch's files, read and written without PyTorch and without pickle.

reading         a file of torch.save, whichever of its formats
bin_folder      ``pytorch_model.bin``, or an index and its shards, as a folder's weights
zip_file        what ``torch.save`` writes since 1.6
legacy_file     what it wrote before: pickles, then raw storages
views           tensors as strided views of storages in a file
state_dict      the named tensors in a pickle, and what lies beside them
pickle_survey   what any pickle asks for, told for scanners
interpreter     the stack machine under both
opcodes         every opcode of protocols 0 to 5
requests        what a pickle may ask for, and what answers it
calls           what a call would have made
known_globals   the closed table of what may be asked for
values          inert descriptions
zip_writing     a file of torch.save, planned
pickle_writing  the pickle in it
"""
