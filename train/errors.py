"""Every error that training raises on purpose. A message says what was asked, got, and what to do.

TrainError
├── BadAvatar       a file that is no avatar, or one that lacks what is asked of it
├── BadData         no images, too few, or ones that do not fit
├── BadCheckpoint   a checkpoint of another network, damaged, or missing
├── NotSaved        a checkpoint that could not be written; the ones before are whole
└── Diverged        the run cannot be saved: NaN, collapse
"""


class TrainError(Exception):
    """Base of all errors of `train`; catch it to catch them all."""


class BadAvatar(TrainError):
    """The file is no glTF 2.0 / VRM avatar, or lacks the ARKit morph targets that are needed."""


class BadData(TrainError):
    """A folder without usable images, or images that do not fit what was asked."""


class BadCheckpoint(TrainError):
    """A checkpoint that is missing, damaged, or of another network."""


class NotSaved(TrainError):
    """A checkpoint that could not be written: a full disk. Earlier checkpoints are whole."""


class Diverged(TrainError):
    """The run has gone where training on would be a waste: NaN, a collapsed game."""
