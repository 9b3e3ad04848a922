"""Pages of one repository.

shell   what stands above each of them: name, state, tabs
opened  a repository at a revision, for one visitor
card    the first page
readme  its README as a card
box     what is known of the model, and how
using   ready commands and programs
routes  the routes of these pages and of the tabs beside them
"""
