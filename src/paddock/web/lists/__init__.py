"""Pages on which repositories and people are found.

routes       all routes of these pages
asked        what an address asks of a list, and the addresses of its neighbours
sides        what a list can be narrowed by, as links
rows         a repository as a list shows it
home         the first page
lists        models, datasets, spaces
search       everything for some words
quicksearch  the same while somebody types
people       the page of a user or an organisation
"""
