"""What a release says of itself, for pages: each thing with who says it.

openness  how open it is, computed
duties    what its licences ask and allow
"""
