"""Runs that other systems recorded, brought through the redaction barrier into the span store."""
