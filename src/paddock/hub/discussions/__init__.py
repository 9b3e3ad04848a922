"""Discussions and pull requests: what is said about a repository, and what is proposed to it.

tables          rows
values          a discussion, an event, and who wrote it
rules           which texts there may be, and who may do what
threads         opening, finding and listing discussions
events          what happens in one: comments, new titles, new states, commits
texts           a comment's text as HTML
comments        a comment is written, edited, hidden
contributing    who may write to which ref, and how many bytes from outside
pull_requests   a proposal: opened, merged, let go of
comparing       a proposal beside its base: what it changes, and what hinders a merge
ancestry        what two commits have in common, and what one has that others have not
arrivals        commits that came to a proposal, told in its events
merging         three trees become one, or conflict
text_merge      two changes of one text become one
diffs           two trees, as the text that ``git apply`` takes
line_diff       two texts, as hunks
shown_diffs     two commits' diff for one caller, written into the log of downloads
rendering       all of it in the words of the API
"""
