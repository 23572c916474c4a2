"""Pixels of one camera: its profile, the map to the model's view, the commands that measure it.

Imports nothing of the other packages: every layer above reads the same `CameraProfile`.
"""
