"""Order candidates with more care than an index can: the Protocol in ``base``, a module each."""
