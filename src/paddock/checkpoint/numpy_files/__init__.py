"""NumPy's files, read without NumPy's own loader.

header  what a ``.npy`` file says about its array
npy     one array
npz     a zip archive of arrays, by name; a Hugging Face folder may keep its weights in one
"""
