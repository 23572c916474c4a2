"""Every error that export raises on purpose."""


class ExportError(Exception):
    """The run cannot become a bundle: something is missing, or the result would be wrong."""
