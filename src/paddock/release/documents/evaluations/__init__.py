"""Results of evaluations in documents: shown as measured, and claimed nowhere else.

belonging     whose results they are: the release's, another model's, nobody's
model_index   both of the Hub's forms, for its client
claims        what the author's own words claim, against the results
result_files  what the source's own files of results claim
rounding      whether a figure is a result, to the digits it was written with
"""
