"""Recorded sessions: the folder that `launch.py --record` writes, and everything that reads it.

    sessions/alice-01/
    ├── session.json    what was recorded, with what, and how it ended; see format.py
    ├── video.mkv       every picture, without loss, each a key picture
    ├── index.jsonl     a line for each picture: its number, its times, a checksum
    └── marks.jsonl     what happened when ("smile", "light off"), if anybody said so

format.py    the files' contents      marks.py    what happened when
writer.py    writes a session         recorder.py a thread that writes what a camera gives
reader.py    opens one, also one that was cut off
guide.py     tells the wearer what to do (guide_script.py), and marks it
check.py     what `verify` looks at   trim.py     a part of a session, as one of its own

Nothing is imported here: sources read sessions, and the recorder reads sources.
"""
