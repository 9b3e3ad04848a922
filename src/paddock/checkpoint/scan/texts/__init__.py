"""What files of text say: programs, documents, secrets, people.

programs      source code and what runs during an installation
packages      lists of packages from elsewhere
notebooks     Jupyter notebooks
markup        scripts in pictures, pages and cards
secrets       keys, tokens and passwords
secret_shapes  what those look like
git_settings  what makes git run a program
privacy       names of people and machines, rows of training data
"""
