"""Whether anything withheld is in a release: as it is, or in disguise.

check             what is asked of a finished release, in order
report            what was found, what was compared, and what could not be looked into
withheld_content  what is withheld, kept as samples, hashes and fingerprints
searching         one part of a release at a time
contents          every file, and everything inside it
tables            the rows of Parquet files
git_packs         the objects of a git history
tensors_in        the tensors of a file, and the texts beside them
released          a tensor as some file holds it
numbers           elements of any type, and bytes that may be meant as numbers
ggml_blocks       ggml's block types that nobody here writes
packed            codes packed into words
matrices          tensors as matrices of bounded size, decoded as far as asked
views             matrices without means, or without signs and scales
places            at which rows and columns matrices are sampled
tensor_search     a released tensor against every withheld one
found             what was found, in words
targets           what is kept of a withheld matrix
screening         which withheld matrices deserve to be compared with a released one
aligned           the same rows or columns: cast, quantised, scaled, shifted by low rank
order_screening   which of them may be it with rows and columns both in another order
permuted          rows and columns both in another order
profiles          what a row looks like in any order
runs              numbers in a row: in slices, other shapes, unknown bytes
combinations      sums of released tensors
null              bounds on false alarms
chunks            the same bytes, wherever they begin
phrases           short texts and values of fields
encoded           bytes and numbers written out in texts
"""
