"""Where training images come from, and how a step gets its batch.

pixels.py    bytes of an image file -> uint8 RGB -> floats in -1..1, and back
views.py     a whole picture -> the square that a network is given
sources.py   a folder of images, a video, recorded sessions: named pictures, one after another
decode.py    all pictures of a source through a function, in threads, in order
cache.py     a source decoded once into a memory-mapped uint8 array
imageset.py  `ImageSet`: one domain as a training step asks for it
domains.py   which two sources are V and C

No module here opens truth/ or coefficients.json.
"""

from train.data.domains import Domains, choose, domains
from train.data.imageset import ImageSet
from train.data.pixels import read_image, to_float, to_uint8
from train.data.sources import SUFFIXES, VIDEO_SUFFIXES, Source, list_images, open_source
from train.data.views import load_profile

__all__ = [
    "SUFFIXES",
    "VIDEO_SUFFIXES",
    "Domains",
    "ImageSet",
    "Source",
    "choose",
    "domains",
    "list_images",
    "load_profile",
    "open_source",
    "read_image",
    "to_float",
    "to_uint8",
]
