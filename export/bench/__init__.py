"""`python -m export.bench BUNDLE...`: bundles on every backend, against PyTorch and arithmetic.

config.py    what can be asked for
untrained.py networks of any width and depth, to be timed beside them
measure.py   all of them in turns, and in each turn PyTorch and the machine's matmul peak
table.py     the figures for a terminal and as JSON
"""
