"""The tab "Files": folders, one file, its history, and the forms that change it.

diff_view   a unified diff as rows with line numbers
plain_text  text of strangers with nothing hidden in it
"""
