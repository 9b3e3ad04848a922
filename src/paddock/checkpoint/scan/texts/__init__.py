"""What files of text say: programs, documents, secrets, people.
"""
