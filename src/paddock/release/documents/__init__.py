"""What is written about a release.

content   all that a document may be made of
keys      the facts that documents ask for
measured  facts out of a checkpoint
declared  facts out of the author's own file
card      the model card
"""
