"""How each type of file shows itself.

signatures    by fixed bytes
text_kinds    by words
zip_kinds     by the members of an archive
messages      by the fields of a protocol buffer
protobuf      walks those
pickle_shape  by opcodes that can be followed
"""
