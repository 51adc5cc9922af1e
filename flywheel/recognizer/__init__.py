"""The training of the name recognizer that redaction uses."""
