"""Which tags are in use, how often, and of what type each is.

tables    rows
names     which tags have a type without saying so, and their labels
tags      tags in use, by type
counting  the job that counts them anew
"""
