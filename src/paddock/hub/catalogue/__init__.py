"""What a repository is known by, and how one is found among many.

tables          rows: downloads by day, and the index of names
card            the model card's front matter, checked
card_warnings   what a card may say, and its readers will not understand
derived         tags and facts that follow from a revision's files
links           what a space's card says it makes use of
weight_names    which files are a model's weights
weights         what their headers say, counted
weight_headers  the headers themselves, of all shards of an index
words           words of texts, folded and cut
texts           which words a repository is found by
released        what a release states of itself
release_facts   what the row tells of it
terms           terms of files, by which listings are narrowed
indexing        the repository's own row, refreshed when main moves
filters         what a listing may ask for, and which index answers
cursors         orders, and places in them
listing         filters, order, pages
facets          what listings can be narrowed by, and how many have it
finding         what is here for a few typed words
info            everything that is told of one repository
views           loading what is told of it
downloads       who took what, counted once
upkeep          counts, trends and parameters in the background
"""
