"""The pages on which the rows of a repository's files are seen: a table, a row, figures.

routes   the routes of these pages
view     what an address asks to see, and the addresses of other views
opening  the file that is asked for, if its bytes may be read
table    the page
plots    bars of a column's figures
"""
