"""PyTorch's files, read without PyTorch and without pickle.

zip_file     what ``torch.save`` writes since 1.6
zip_archive  the archive that it is
opcodes      the pickle in it, interpreted
values       what that may speak of
"""
