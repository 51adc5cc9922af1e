"""The pages."""

from fastapi import FastAPI


def install(app: FastAPI) -> None:
    """Add the pages and their static files to the application."""
