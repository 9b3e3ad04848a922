"""Output that follows a form: JSON schema, regular expression, choice.

kinds   the forms as values
"""
