"""Models are loaded one at a time: the libraries that read them do not bear to be imported by two threads at once."""

from threading import RLock

LOADING = RLock()
