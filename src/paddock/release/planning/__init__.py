"""What a release would be, decided before anything is written.

initialise  writes it
prepare     from what the user names to a plan
assume      a release file for a bare folder
draft       a whole release file, to be filled in
adapter_source  a source that is an adapter
survey      the files of the source
outputs     which forms of the weights there will be
source      what was found there, as values
plan        what a release would be, and what forbids it
left_out    which files stay behind
about       which files say something about it, and sign it
destinations  what is wrong with the folders to publish to
conditions  what is decided before anything is built
foreseeing  what gate and signatures would say, as far as that is known
plan_text   the plan in words
plan_json   the plan for programs
"""
