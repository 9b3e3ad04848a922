"""Who holds which stored bytes, alone or together with whom, and what removing it would free.

holders    which repositories need a blob
counting   the store walked once, its bytes counted for everybody
telling    the outcome for a repository, an account, or all of them
"""
