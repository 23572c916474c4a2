"""`python -m realtime.bench`: what the live loop costs, beside other senders if asked.

config.py    what can be asked for
plan.py      which trials that makes, in which order
trial.py     one trial: a sending and a receiving process, measured over the same seconds
worker.py    what runs in each of those processes
ours.py      the loop and the client of this project
peers.py     imagezmq and NetGear, as their users use them
camera.py    the simulated camera that all of them read
machine.py   what the figures were measured on, and whether it was quiet
table.py     the figures for a terminal
"""
