"""Teams of an organisation: some of its members under a name, to be given roles and to be called.

tables   rows
teams    made, found, changed, and who may change one
members  the people in one
"""
