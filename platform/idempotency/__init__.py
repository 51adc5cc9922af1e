"""One execution of requests that are sent again: the Idempotency-Key header."""
