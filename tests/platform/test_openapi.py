"""The OpenAPI document holds: requests generated from it, to every operation of a running application."""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import Addresses, quote_first, test_settings
from tests.serving_app import key_of, served
from whorl.platform.app import create_app
from whorl.platform.idempotency.middleware import HEADER
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.settings import Settings

DOCUMENT = create_app(Settings()).openapi()
# What deletes comes last, or what there was to find would be gone.
OPERATIONS = sorted(
    (f"{method.upper()} {path}" for path, item in DOCUMENT["paths"].items() for method in item),
    key=lambda label: label.startswith("DELETE "),
)
# Of a request that is tested in the ordinary tests, and of 10,000 requests in all: a few have only some that differ.
FEW, MANY = 4, -(-10_400 // len(OPERATIONS))
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    response_headers_conformance,
]  # fmt: skip
# Statuses that say who must act, not that Whorl failed: another program failed, or something is not set up.
EXCUSED = (502, 503)


class Running(NamedTuple):
    """A running application, its owner's key, and ids of what is in it, by the names of path parameters."""

    url: str
    key: str
    known: dict[str, list[str]]

    @property
    def finished(self) -> dict[str, list[str]]:
        """The run that is over: the events of one that waits do not end."""
        return {"run_id": self.known["run_id"][:1]}


@pytest.fixture(scope="module")
def running(make_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An application with a document, runs, a dataset, a member, a key; the key that is used is not among them."""
    database: Addresses = make_database()
    configured = test_settings(database, tmp_path_factory.mktemp("openapi") / "whorl", worker="external")
    with served(create_app(configured, backend=ScriptedBackend(quote_first))) as url:
        key = key_of(database, "acme")
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=300) as client:
            yield Running(url, key, _fill(client))


def _fill(client: httpx.Client) -> dict[str, list[str]]:
    file = ("tides.md", b"# Tides\n\nThe tide turns twice a day.")
    document = client.post("/api/documents", files={"file": file}).json()[0]["document_id"]
    asked: dict[str, Any] = {"question": "How often does the tide turn?"}
    run = client.post("/api/runs", json=asked).json()
    waiting = client.post("/api/runs", json={**asked, "approve": "always"}).json()
    client.post(f"/api/runs/{run['run_id']}/feedback", json={"kind": "thumb"}).raise_for_status()
    dataset = client.post("/api/datasets", json={"format": "sft", "held_out": 0}).json()["id"]
    member = client.post("/api/members", json={"email": "ada@acme.example"}).json()["user_id"]
    key = client.post("/api/keys", json={"name": "spare"}).json()["id"]
    invitation = client.post("/api/invitations", json={"email": "grace@acme.example"}).json()["id"]
    models = ["whorl", "scripted", "hashing-384"]
    return {
        "run_id": [run["run_id"], waiting["run_id"]], "document_id": [document], "dataset_id": [dataset],
        "call_id": [waiting["waiting_for"][0]["call_id"]], "conversation_id": [run["conversation_id"]],
        "user_id": [member], "key_id": [key], "invitation_id": [invitation],
        "name": [f"run:{run['run_id']}", "tool:search"], "model": models,
        "agent": ["default"], "part": ["train"], "kind": ["jsonl", "parquet"],
    }  # fmt: skip


def _name_what_is_there(part: Any, known: dict[str, list[str]], data: st.DataObject) -> None:
    """Put ids of things that exist in the place of random ones, half of the time."""
    if not isinstance(part, dict):
        return
    for name in part:
        if name in known and data.draw(st.booleans()):
            part[name] = data.draw(st.sampled_from(known[name]))


def _requests(operation: Any) -> st.SearchStrategy[Any]:
    """Requests as the document allows them, and where it can be done some that it does not allow."""
    allowed: st.SearchStrategy[Any] = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if not (operation.body or operation.query or operation.path_parameters):
        return allowed
    return allowed | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


def _send_generated(running: Running, label: str, examples: int) -> dict[int, int]:
    """Send so many requests to an operation and check every answer; how many there were of each status."""
    method, path = label.split(" ", 1)
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    operation = schema[path][method]
    statuses: dict[int, int] = {}
    known = {**running.known, **running.finished} if path.endswith("/events") else running.known

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )  # fmt: skip
    @given(case=_requests(operation), data=st.data())
    def send(case: Any, data: st.DataObject) -> None:
        for part in (case.path_parameters, case.body):
            _name_what_is_there(part, known, data)
        if data.draw(st.integers(0, 3)):
            case.headers.pop(HEADER, None)  # Else most requests would meet the key of another.
        headers = {"Authorization": f"Bearer {running.key}"}
        response = case.call(base_url=running.url, headers=headers, timeout=300)
        statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
        checks = [
            check
            for check in CHECKS
            if check is not not_a_server_error or response.status_code not in EXCUSED
        ]
        case.validate_response(response, checks=checks, headers=headers)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        send()
    return statuses


@pytest.mark.parametrize("label", OPERATIONS)
def test_generated_requests_are_answered_as_documented(running: Running, label: str) -> None:
    assert sum(_send_generated(running, label, FEW).values()) >= 1


@pytest.mark.schemathesis
@pytest.mark.timeout(3600)
def test_ten_thousand_generated_requests(running: Running, tmp_path: Path) -> None:
    sent: dict[str, dict[int, int]] = {}
    for label in OPERATIONS:
        sent[label] = _send_generated(running, label, MANY)
        print(f"{sum(sent[label].values()):6} {label} {json.dumps(sent[label])}", flush=True)
    count = sum(sum(statuses.values()) for statuses in sent.values())
    print(f"{count} requests")
    assert count >= 10_000


def test_every_error_is_documented_in_the_shape_it_has() -> None:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            for status, answer in operation["responses"].items():
                if status < "400" or path in ("/readyz", "/v1/traces", "/v1/logs"):
                    continue
                wanted = "application/json" if path.startswith("/v1/") else "application/problem+json"
                assert list(answer["content"]) == [wanted], f"{method} {path} {status}"
            if "security" in operation:
                assert {"401", "403"} <= set(operation["responses"]), f"{method} {path}"
    assert "HTTPValidationError" not in json.dumps(DOCUMENT)


def test_no_body_takes_a_field_that_it_does_not_have() -> None:
    """A misspelt limit would be none; forms are read by their names, and say so themselves."""
    loose = [
        f"{method} {path}"
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
        if kind == "application/json" and not _closed(content["schema"])
    ]
    assert loose == []


def _closed(schema: dict[str, Any]) -> bool:
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    return (DOCUMENT["components"]["schemas"][name] if name else schema).get("additionalProperties") is False
