"""Pages of organisations: made, described, with members who come and go.

routes    all routes of these pages
mine      those that a person belongs to
making    a new one
settings  what one says of itself, its name, its end
teams     its teams, and a new one
team      who is in a team, its name, its end
service_accounts  accounts of its programs, and a new one
service_account   what such an account may do, its tokens, its end
members   who belongs to one, and as what
"""
