"""Pages of one repository.

shell  what stands above each of them: name, state, tabs
"""
