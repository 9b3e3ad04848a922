"""Chat templates, audited as syntax trees and then tried under limits.

places         where templates are
audit          everything about one of them
syntax_tree    its tree, and texts that it puts together
escapes        ways out of a renderer
taint          which expressions hold what people wrote
triggers       tests of that against constants
sentences      what its own words tell a model to do
rendering      tried on conversations, days and words
conversations  the conversations
"""
