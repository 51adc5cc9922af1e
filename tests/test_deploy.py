"""docker-compose.yml against the compose specification's schema, and the Dockerfile's copies."""

import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from whorl.platform.settings import Settings


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return value


def test_the_file_is_a_compose_file() -> None:
    """By the schema of the compose specification that check-jsonschema carries."""
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        "docker-compose.yml",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_services_of_the_product_are_there(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert "pgvector" in services["postgres"]["image"]
    assert "--enable-lora" in services["vllm"]["command"]
    assert services["vllm"]["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]
    for profile, names in {"cpu": ("app", "worker"), "gpu": ("vllm", "app-gpu", "worker-gpu")}.items():
        for name in names:
            assert services[name]["profiles"] == [profile]


def test_every_setting_exists_and_every_volume_is_declared(compose: dict[str, Any]) -> None:
    known = {f"WHORL_{name.upper()}" for name in Settings.model_fields}
    for name, service in compose["services"].items():
        given = {key for key in service.get("environment", {}) if key.startswith("WHORL_")}
        assert given - {"WHORL_APP_PASSWORD"} <= known, name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (ROOT / source).exists(), volume


def test_the_image_copies_what_exists() -> None:
    for line in re.findall(r"^COPY (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
