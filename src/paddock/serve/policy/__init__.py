"""The use policy while serving: what a model may be asked, and what it may answer.

document      a policy as its author wants it: categories, rules, judges
reading       policy.yaml to a policy
refusals      the words of a refusal
folding       text as rules see it, whatever it was written with
phrases       lists of words and phrases, found in a stream
patterns      regular expressions, found in a stream in linear time
excepting     what is found inside an exception, and does not count
scanning      all rules over one text, as it comes
prompts       the texts of a prompt, from wherever they stand in it
judging       what a judge is, and what its scores mean
plugin        judges of other packages
moderation    judges behind OpenAI's moderation API
llama_guard   judges that are models, run by the engine
guard_prompt  what such a model reads
decisions     what was decided, told without content
watching      one answer, released as it is looked at
policed       a policy at work for one model
loading       a loader whose models have their policy
errors        what can be wrong with a policy
"""
