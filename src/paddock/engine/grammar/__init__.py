"""Output that follows a form: JSON schema, regular expression, choice.

kinds           the forms as values
matching        a form compiled for a vocabulary, and which tokens it allows next
source          a form in the words of llguidance, if it is within limits
schema          schemas that are refused before they are compiled: too large, or never satisfied
finite          whether any JSON that satisfies a schema ends
schema_places   where schemas stand in a schema, and where references lead
"""
