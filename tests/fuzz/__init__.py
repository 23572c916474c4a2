"""Fuzzing: whatever bytes a parser is given, it takes or refuses them; it never crashes or hangs.

    python -m tests.fuzz --inputs 1000000         all targets, a million inputs each
    python -m tests.fuzz message --seconds 60     one target, a minute

targets.py  what is fuzzed: for each parser the good inputs to start from, and the one error that
            it may raise
mutate.py   a good input made bad, by a seed: a few bytes, a few numbers, a piece cut out
corpus/     inputs that once broke something; `test_fuzz.py` runs them, and a few hundred others
"""
