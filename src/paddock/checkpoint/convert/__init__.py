"""Any checkpoint in other formats, in one pass over it.

convert  what ``paddock convert`` does
"""
