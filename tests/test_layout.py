"""The package's layout: what breaks silently when somebody moves a file."""

import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROOMS = ("platform", "agents", "retrieval", "flywheel", "ui", "migrations")
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())


def packages_with_code() -> set[str]:
    found = set()
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            found.add(".".join(["whorl", *file.parent.relative_to(ROOT).parts]))
    return found


def test_every_folder_with_code_is_a_listed_package() -> None:
    assert set(CONFIG["tool"]["setuptools"]["packages"]) == packages_with_code()


def test_the_rooms_have_no_init_and_the_folders_below_have_one() -> None:
    for room in ROOMS:
        assert not (ROOT / room / "__init__.py").exists(), room
    for package in packages_with_code():
        parts = package.split(".")[1:]
        if len(parts) > 1:
            assert (ROOT.joinpath(*parts) / "__init__.py").is_file(), package


def test_tests_are_packages() -> None:
    for file in (ROOT / "tests").rglob("*.py"):
        assert (file.parent / "__init__.py").is_file(), file.parent


def test_the_standard_platform_module_still_answers() -> None:
    code = "import platform; print(platform.python_implementation())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "CPython"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


def test_the_wheel_has_pages_weights_and_migrations(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for wanted in (
        "whorl/platform/app.py", "whorl/migrations/versions/0001_first_schema.py", "whorl/migrations/script.py.mako",
        "whorl/platform/telemetry/redaction/names.npz", "whorl/flywheel/seed_model/model.safetensors",
        "whorl/ui/static/app.css",
    ):  # fmt: skip
        assert wanted in names, wanted
    assert any(name.startswith("whorl/ui/templates/") for name in names)
    assert not [name for name in names if name.startswith("whorl/tests") or "/__pycache__/" in name]


def test_the_wheel_alone_serves_the_chat_page(wheel: Path, tmp_path: Path) -> None:
    """Installed by itself into an environment that has the dependencies, started, and asked for a page."""
    venv.create(tmp_path / "env", with_pip=False)
    site = next((tmp_path / "env").glob("lib/python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    dependencies = Path(pytest.__file__).parents[1]
    (site / "dependencies.pth").write_text(f"{dependencies}\n")
    code = f"""
import os, sys
sys.meta_path = [f for f in sys.meta_path if "__editable__" not in type(f).__module__ + repr(f)]
for name in [n for n in sys.modules if n == "whorl" or n.startswith("whorl.")]:
    del sys.modules[name]
import whorl.platform.app as app
assert app.__file__.startswith({str(site)!r}), app.__file__
from starlette.testclient import TestClient
from whorl.platform.settings import load_settings
with TestClient(app.create_app(load_settings({{"WHORL_DATA_DIR": {str(tmp_path / "data")!r}}}))) as client:
    page = client.get("/signin")
    assert page.status_code == 200 and "<html" in page.text, page.text
    assert client.get("/static/app.css").status_code == 200
    assert client.get("/", follow_redirects=False).status_code in (302, 303, 307)
    ready = client.get("/readyz")
    assert ready.status_code == 200, ready.text
print("served")
"""
    python = tmp_path / "env" / "bin" / "python"
    done = subprocess.run(
        [python, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.stdout.strip().endswith("served"), done.stderr[-3000:]
