"""The pages, put together: chat, administration, sign-in, the API's description."""

from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

from ..platform.problems import install_error_page
from . import (
    account,
    adapters,
    agents,
    audit,
    chat,
    datasets,
    documents,
    join,
    members,
    overview,
    password,
    quarantine,
    redaction,
    reference,
    runs,
    signin,
    signon,
    trainings,
    usage,
)
from .frame import HERE, error_page
from .headers import SafetyHeaders


def install(app: FastAPI) -> None:
    """Add the pages and their static files to the application."""
    app.add_middleware(SafetyHeaders)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    router = APIRouter(include_in_schema=False)
    for module in (
        signin, signon, join, password, chat, overview, runs, documents, quarantine, datasets, adapters, trainings, agents,
        redaction, members, usage, audit, reference, account,
    ):  # fmt: skip
        router.include_router(module.router)
    app.include_router(router)
    install_error_page(app, error_page)
