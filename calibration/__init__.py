"""Pixels of one camera: the profile, and the map from camera pixels to the model's view.

Imports nothing of the other packages: every layer above reads the same `CameraProfile`.
"""
