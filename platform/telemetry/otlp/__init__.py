"""Spans of other programs, sent by OTLP over HTTP: parsed, read into one form, redacted and logged."""
