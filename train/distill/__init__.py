"""`python -m train distill`: a small student that paints what a large teacher paints, for live use.

config.py   what is asked for, and what decides a run
losses.py   how far a student's picture is from the teacher's: pixels, and Haar's detail bands
state.py    what a step changes: the student, its average, and A_C if there is one
kept.py     the teacher's pictures on disk, so that each is made once
pairs.py    v and the teacher's picture of it, as a step asks for them
lesson.py   `Lesson`: what a step is; the loop around it is that of `fit`
samples.py  v, teacher, student: a picture, and how near the student is
command.py  starting, or going on

No truth and no pairs of the user's are needed: D_C is a function, so the teacher's picture of any v
is what a student of it should paint.
"""
