"""A checkpoint made out of another, step by step: each folder in, folder out.

derive        one step of release.yaml
rewriting     a checkpoint written anew, tensor by tensor
numbers       tensors computed from tensors, some rows at a time
merging       an adapter folded into the weights
pruning       layers or neurons left out
vocabulary    tokens left out
trimming      a tokenizer with fewer tokens
quantising    weights rounded to fewer bits
learning      what is trained: the seam to the room that has torch
texts         the texts that a step reads
"""
