"""What is told of users and organisations: their words, their pictures, their numbers.

tables    rows
profiles  what accounts say of themselves
pictures  pictures: uploaded, or drawn from an id
overview  accounts as lists name them, and their numbers
storage   what the repositories of one take
"""
