"""The synthetic experiment (Sec. 4.1, Fig. 4): is the residual found where the truth is known?

config.py      what is run: seeds, methods, settings, data
data.py        the factors c and r, of which v is made
model.py       many small networks as one batched network
learner.py     such a network's gradients, written out
kind.py        the training loop of one kind of run: method, setting, data
experiment.py  all kinds of run, beside each other on threads
measure.py     figures of each run against the truth
statistics.py  figures over seeds: quartiles, bootstrap intervals
identify.py    what such an experiment can decide at all: exact solutions that are wrong
plot.py        the picture
command.py     `python -m train synthetic`
"""
