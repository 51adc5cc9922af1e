"""The seed model: what it is taught, how it starts, and how it is measured."""
