"""What a repository is known by, and how one is found among many.

card            the model card's front matter, checked
derived         tags and facts that follow from a revision's files
weights         what its safetensors headers say
indexing        the repository's own row, refreshed when main moves
listing         search, filters, order, pages
info            everything that is told of one repository
downloads       who took what, counted once
"""
