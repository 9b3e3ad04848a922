"""The tab "Files": folders, one file, its history, and the forms that change it.

routes             every route, in the order of matching
tree               folders
blob               one file
commits            history, one commit, two revisions compared
blame              which commit wrote which line
editing            a new text, or an old one changed
moving             another path for a file, or none
uploading          files brought by drag and drop, or by a form
changing           a change that a form asks for, as a commit
opened             a repository at a revision, and where its pages are
badges             the verdict on a file in a word
preview            what is shown of a file's bytes
plain_text         text of strangers with nothing hidden in it
json_text          JSON laid out
notebook           a notebook as text
weights_header     what a file of weights says it holds
weights_view       the same as a page shows it
tensor_numbers     elements as numbers
tensor_statistics  how the numbers of a tensor are spread
differences        what differs between two revisions
diff_view          a unified diff as rows with line numbers
"""
