"""What is written about a release.

card  the model card
"""
