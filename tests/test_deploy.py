"""What runs Whorl elsewhere: compose file and Kubernetes manifests against their schemas, the Dockerfile's copies."""

import re
import subprocess
import sys
from typing import Any

import kubernetes_validate
import pytest
import uvicorn
import yaml

from tests.conftest import ROOT
from tests.vllm_install import VLLM
from whorl.platform.settings import Settings

MANIFESTS = ROOT / "deploy" / "kubernetes"
SETTINGS = {f"WHORL_{name.upper()}" for name in Settings.model_fields}
# Whose X-Forwarded-For the server believes; uvicorn reads it.
FORWARDED = "FORWARDED_ALLOW_IPS"
# The oldest release of Kubernetes that gets fixes, and the newest whose schemas are there.
RELEASES = ("1.34", kubernetes_validate.latest_version())


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


def test_workers_are_asked_for_what_they_have(compose: dict[str, Any]) -> None:
    """They have no pages, so the image's own check would find each of them ill."""
    for name in ("worker", "worker-gpu"):
        service = compose["services"][name]
        assert service["command"] == ["whorl", "worker"]
        assert (
            f":{service['environment']['WHORL_METRICS_PORT']}/metrics" in service["healthcheck"]["test"][-1]
        )
    for name in ("app", "app-gpu"):
        assert "healthcheck" not in compose["services"][name]


def test_every_setting_exists_and_every_volume_is_declared(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        given = {key for key in service.get("environment", {}) if key.startswith("WHORL_")}
        assert given - {"WHORL_APP_PASSWORD"} <= SETTINGS, name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (ROOT / source).exists(), volume


def test_the_image_copies_what_exists() -> None:
    for line in re.findall(r"^COPY (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source


def manifests() -> list[dict[str, Any]]:
    files = [file for file in sorted(MANIFESTS.glob("*.yaml")) if file.name != "kustomization.yaml"]
    return [value for file in files for value in yaml.safe_load_all(file.read_text())]


def pods() -> list[tuple[str, dict[str, Any]]]:
    """Name and pod of everything that has one."""
    return [
        (value["metadata"]["name"], value["spec"]["template"])
        for value in manifests()
        if "template" in value.get("spec", {})
    ]


@pytest.mark.parametrize("release", RELEASES)
def test_the_manifests_are_of_kubernetes(release: str) -> None:
    """Strictly: a field that the schema does not have is an error."""
    for value in manifests():
        kubernetes_validate.validate(value, release, strict=True)


def test_every_part_has_its_manifest() -> None:
    kinds = {(value["kind"], value["metadata"]["name"]) for value in manifests()}
    assert kinds >= {
        ("Deployment", "whorl"), ("Deployment", "whorl-worker"), ("Deployment", "vllm"), ("Job", "whorl-migrate"),
        ("Service", "whorl"), ("Service", "vllm"), ("PodDisruptionBudget", "whorl"),
        ("HorizontalPodAutoscaler", "whorl"), ("NetworkPolicy", "nothing-else"), ("NetworkPolicy", "vllm"),
        ("PersistentVolumeClaim", "whorl-data"), ("ConfigMap", "whorl"),
    }  # fmt: skip


def test_the_kustomization_has_every_file() -> None:
    listed = yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text())
    files = {file.name for file in MANIFESTS.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(listed["resources"]) == files
    images = {container["image"] for _, pod in pods() for container in pod["spec"]["containers"]}
    assert {image["name"] for image in listed["images"]} == images


def test_the_manifests_name_settings_and_volumes_that_exist() -> None:
    values = manifests()
    given = {key for value in values if value["kind"] == "ConfigMap" for key in value["data"]}
    claims = {value["metadata"]["name"] for value in values if value["kind"] == "PersistentVolumeClaim"}
    for name, pod in pods():
        volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes", [])}
        for container in pod["spec"]["containers"]:
            given |= {
                entry["name"] for entry in container.get("env", []) if entry["name"].startswith("WHORL_")
            }
            assert {mount["name"] for mount in container.get("volumeMounts", [])} == set(volumes), name
        named = {v["persistentVolumeClaim"]["claimName"] for v in volumes.values() if "emptyDir" not in v}
        assert named <= claims, name
    assert given - {FORWARDED} <= SETTINGS


async def seen_behind(proxies: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Scheme and client that the server sees where a proxy at 10.42.0.7, trusted or not, sends somebody on."""
    seen: list[tuple[str, str]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["scheme"], scope["client"][0]))

    monkeypatch.setenv(FORWARDED, proxies)
    config = uvicorn.Config(app)
    config.load()
    headers = [(b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"https")]
    scope: Any = {"type": "http", "scheme": "http", "client": ("10.42.0.7", 40000), "headers": headers}
    await config.loaded_app(scope, None, None)
    return seen[0]


async def test_behind_the_ingress_clients_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server believes whoever reaches the app, which is nobody but the ingress controller and Prometheus."""
    [settings] = [value["data"] for value in manifests() if value["kind"] == "ConfigMap"]
    assert await seen_behind(settings[FORWARDED], monkeypatch) == ("https", "203.0.113.9")
    policies = {v["metadata"]["name"]: v["spec"] for v in manifests() if v["kind"] == "NetworkPolicy"}
    assert policies["nothing-else"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    [rule] = policies["whorl"]["ingress"]
    sources = [source["namespaceSelector"]["matchLabels"] for source in rule["from"]]
    assert sources == [{"kubernetes.io/metadata.name": name} for name in ("ingress-nginx", "monitoring")]


async def test_the_published_port_of_compose_believes_nobody(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("app", "app-gpu"):
        service = compose["services"][name]
        given = service["environment"][FORWARDED]
        assert service["ports"] and given == f"${{{FORWARDED}:-127.0.0.1}}", name
        assert await seen_behind(given[2:-1].partition(":-")[2], monkeypatch) == ("http", "10.42.0.7")


def test_selectors_find_the_pods() -> None:
    labels = [pod["metadata"]["labels"] for _, pod in pods()]
    for value in manifests():
        spec = value.get("spec", {})
        selector = spec.get("podSelector", spec.get("selector"))
        if value["kind"] == "PersistentVolumeClaim" or not selector:
            continue
        wanted = selector.get("matchLabels", selector).items()
        assert any(wanted <= found.items() for found in labels), value["metadata"]["name"]


def test_only_the_migration_knows_the_owner_of_the_schema() -> None:
    for name, pod in pods():
        secrets = {
            entry["valueFrom"]["secretKeyRef"]["name"]
            for container in pod["spec"]["containers"]
            for entry in container.get("env", [])
            if "valueFrom" in entry
        }
        assert ("whorl-owner" in secrets) == (name == "whorl-migrate")


def test_open_answers_may_end_before_a_pod_is_killed() -> None:
    [settings] = [value["data"] for value in manifests() if value["kind"] == "ConfigMap"]
    app = dict(pods())["whorl"]["spec"]
    pause = int(app["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert app["terminationGracePeriodSeconds"] >= pause + float(settings["WHORL_DRAIN_SECONDS"]) + 30


def test_jobs_may_end_before_a_worker_is_killed() -> None:
    [settings] = [value["data"] for value in manifests() if value["kind"] == "ConfigMap"]
    worker = dict(pods())["whorl-worker"]["spec"]
    assert worker["terminationGracePeriodSeconds"] >= float(settings["WHORL_JOB_DRAIN_SECONDS"]) + 30


def test_vllm_is_the_one_that_is_tested(compose: dict[str, Any]) -> None:
    """The same release and the same options everywhere."""
    tag = f"v{VLLM.partition('==')[2]}"
    listed = yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text())["images"]
    assert {"name": "vllm/vllm-openai", "newTag": tag} in listed
    assert compose["services"]["vllm"]["image"] == f"vllm/vllm-openai:{tag}"
    [container] = dict(pods())["vllm"]["spec"]["containers"]
    assert container["args"] == compose["services"]["vllm"]["command"]
