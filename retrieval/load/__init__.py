"""Files to documents: the Protocol in ``base``, one module per format, ``path`` to pick by suffix."""
