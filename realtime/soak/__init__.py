"""A long run of the real program under faults, and what became of it: `python -m realtime.soak`.

camera.py    an HTTP camera that misbehaves on demand      schedule.py   which faults, when
process.py   launch.py, its memory, its figures            figures.py    what the samples say
"""
