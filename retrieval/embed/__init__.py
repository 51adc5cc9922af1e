"""Text to vectors: the Protocol in ``base``, one module per backend, and the hashing fake."""
