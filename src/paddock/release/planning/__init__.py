"""What a release would be, decided before anything is written.

prepare     from what the user names to a plan
assume      a release file for a bare folder
survey      the files of the source
source      what was found there, as values
plan        what a release would be, and what forbids it
left_out    which files stay behind
conditions  what is decided before anything is built
plan_text   the plan in words
plan_json   the plan for programs
"""
