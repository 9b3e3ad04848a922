"""What evaluations found, as values with intervals.

result        one result
interval      how far a measured share may lie from the true one
model_digest  which bytes a result is about
audit_format  paddock/audit-results/v1, the published form of an audit's results
lm_eval       what lm-evaluation-harness writes
eval_results  the Hub's .eval_results
reading       files of any of these
"""
