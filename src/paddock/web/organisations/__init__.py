"""Pages of organisations: made, described, with members who come and go.

routes    all routes of these pages
mine      those that a person belongs to
making    a new one
settings  what one says of itself, its name, its end
members   who belongs to one, and as what
"""
