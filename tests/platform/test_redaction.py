"""Redaction: what is found, policies, and that structured content stays structured."""

import json
import os
import re
import unicodedata
import uuid
from typing import Any

import psycopg
import pytest
from pydantic import ValidationError

from tests.conftest import Actor, Whorl
from whorl.platform.database import reader
from whorl.platform.database.reader import TenantReader
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import ConflictError, InputError
from whorl.platform.identity.audit import recent
from whorl.platform.identity.sealing import Sealer
from whorl.platform.telemetry import conventions as c
from whorl.platform.telemetry.capture import redact_or_drop
from whorl.platform.telemetry.record import SpanRecord
from whorl.platform.telemetry.redaction import stored
from whorl.platform.telemetry.redaction.base import Finding, resolve
from whorl.platform.telemetry.redaction.measured import measured
from whorl.platform.telemetry.redaction.names import NameDetector, split_text
from whorl.platform.telemetry.redaction.patterns import PatternDetector
from whorl.platform.telemetry.redaction.placeholders import Placeholders, mask
from whorl.platform.telemetry.redaction.policy import CustomPattern, RedactionPolicy, TenantPolicy
from whorl.platform.telemetry.redaction.redactor import Redactor, default_redactor
from whorl.platform.telemetry.redaction.stored import StoredPolicies, policy_history, store_policy
from whorl.platform.telemetry.redaction.walk import visit_json, visit_record
from whorl.platform.telemetry.redaction.words import split_words

SEALER = Sealer((bytes(32),))
EMAIL = "zuzanna.kowalczyk@planted.example"
CARD = "4111111111111111"


def a_span(**attributes: Any) -> SpanRecord:
    return SpanRecord(
        tenant_id="00000000-0000-7000-8000-000000000000", trace_id="a" * 32, span_id=os.urandom(8).hex(),
        parent_span_id=None, run_id=None, name="chat m", operation="chat", start_ns=1, end_ns=2, status="ok",
        status_message="", user_id=None, agent="default", adapter=None, attributes=attributes, events=[],
    )  # fmt: skip


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return default_redactor()


def redacted(redactor: Redactor, text: str, **policy: Any) -> str:
    tenant = TenantPolicy(RedactionPolicy.model_validate(policy), 1, b"k" * 32)
    return redactor.redact_text(text, Placeholders(tenant))


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("born 12 March 1984 in town", "12 March 1984", "DATE_TIME"), ("on June 3, 1977 we met", "June 3, 1977", "DATE_TIME"),
        ("at 2026-11-26T07:00:00Z", "2026-11-26T07:00:00Z", "DATE_TIME"), ("on 3/14/1980", "3/14/1980", "DATE_TIME"),
        ("she is 34 years old", "34 years old", "AGE"), ("aged 71, retired", "71", "AGE"),
        ("flat in MA 02110", "02110", "ZIP_CODE"), ("at SW1A 1AA now", "SW1A 1AA", "ZIP_CODE"),
        ("my driver's license is D1234567", "D1234567", "US_DRIVER_LICENSE"),
        ("passport 533380006", "533380006", "US_PASSPORT"),
        ("mac 00:1B:44:11:3A:B7 here", "00:1B:44:11:3A:B7", "MAC_ADDRESS"),
        ("host fe80::1ff:fe23:4567:890a", "fe80::1ff:fe23:4567:890a", "IP_ADDRESS"),
        ("the password is hunter22", "hunter22", "SECRET"), ("API_KEY=ab12cd34ef", "ab12cd34ef", "SECRET"),
        ("pay 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "CRYPTO"),
        ("my social security number is 536904399", "536904399", "US_SSN"), ("ring 06-12345678", "06-12345678", "PHONE_NUMBER"),
        ("see https://a.example/x?y=1.", "https://a.example/x?y=1", "URL"), ("from Dr. who", "Dr.", "TITLE"),
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtn/K7MD+x here", "wJalrXUtn/K7MD+x", "SECRET"),
        ("export DB_PASSWORD='changeme'", "changeme", "SECRET"), ('"OPENAI_API_KEY": "abcdef"', "abcdef", "SECRET"),
        ("exp 09/27 cvv 123", "09/27", "DATE_TIME"), ("exp 09/27 cvv 123", "123", "CREDIT_CARD"),
        ("security code: 9981", "9981", "CREDIT_CARD"), ('File "/home/mike/app.py"', "mike", "PERSON"),
        (r"C:\Users\j.doe\x", "j.doe", "PERSON"), (r"C:\\Users\\jdoe\\x", "jdoe", "PERSON"),
        ("bank account 123456789012", "123456789012", "US_BANK_NUMBER"),
        ("+1-541-754-3010x123", "+1-541-754-3010x123", "PHONE_NUMBER"), ("you can call 33 93 31", "33 93 31", "PHONE_NUMBER"),
        ("Ann\n455 6186 office\nLeeds", "455 6186", "PHONE_NUMBER"), ("021 63 07 (Fax)", "021 63 07", "PHONE_NUMBER"),
        ("Phone: 782 2652", "782 2652", "PHONE_NUMBER"), ("it is 0477 11 28 98 now", "0477 11 28 98", "PHONE_NUMBER"),
        ("whorl_9f3kQ0aZ1x_secretsecret", "whorl_9f3kQ0aZ1x_secretsecret", "SECRET"),
    ],
)  # fmt: skip
def test_each_form_is_found_whole(text: str, value: str, kind: str) -> None:
    found = resolve(PatternDetector().find([text])[0], text)
    assert (value, kind) in [(text[f.start : f.end], f.kind) for f in found]


@pytest.mark.parametrize(
    "text",
    ["in 1998-2004", "2 000 000 units", "version 2.10.3.1", "std::vector<int> x = 10:30:00", "0.8333333333333333",
     "order 123456789", "a 1700000000000000000 b", "12.5 % of 480", "pages 10-12, 14", "it costs $1,234,567.89", "§ 12.3.4",
     "in 1998 11 28 98 of them", "watch whorl_spans_refused_total", "33 93 31 in stock",
     "MAX_TOKENS=4096", "NUM_TOKENS: 123456", "TOKEN=$TOKEN", "API_KEY = os.environ['A']", "TOKEN: ${{ secrets.TOKEN }}",
     "the CVV is on the back of 300 cards", "on 09/27 we met", "/home/ubuntu/x", "C:\\Users\\Public\\x", "/home/dev/x",
     "PASSWORD_MIN_LENGTH=12345678", "KEY: 123456",
     "455 6186 office chairs", "we moved 455 6186\noffice", "12 34 home\n",
     "call between 10-12 or on 14 15", "the text says 1200.500", "we call 2020-2021 a year", "call it 12.50 each, 119.90 once"],
)  # fmt: skip
def test_ordinary_numbers_are_not(text: str) -> None:
    assert PatternDetector().find([text]) == [[]]


def test_searching_together_is_searching_one_by_one() -> None:
    texts = [
        "ssn 536-90-4399",
        "",
        "call",
        "555123456 is a count",
        "mail a@b.example\n",
        "card 4111 1111 1111 1111",
    ]
    assert PatternDetector().find(texts) == [PatternDetector().find([text])[0] for text in texts]
    names = [
        "Anna Schmidt lives in Vienna.",
        "",
        "\0",
        "and works for Siemens",
        "Anna Schmidt lives in Vienna.",
    ]
    together = [[f[:3] for f in found] for found in NameDetector().find(names)]
    assert together == [[f[:3] for f in NameDetector().find([text])[0]] for text in names]


def test_names_of_three_kinds_are_found_and_ordinary_capitals_are_not(redactor: Redactor) -> None:
    text = "Hello, my name is Katarzyna Nowak, I live in Rotterdam and work for Siemens."
    assert redacted(redactor, text) == (
        "Hello, my name is <PERSON_1>, I live in <LOCATION_1> and work for <ORGANIZATION_1>."
    )
    for plain in (
        "What is the weather like on Monday?",
        "Please restart the computer.",
        "You answer questions.",
    ):
        assert redacted(redactor, plain) == plain


def test_names_in_lower_case_and_addresses(redactor: Redactor) -> None:
    assert "nowak" not in redacted(redactor, "hi, this is katarzyna nowak from rotterdam")
    address = redacted(redactor, "Please send it to 12 Baker Street, Apt. 4, London NW1 6XE.")
    assert not any(word in address for word in ("Baker", "12", "London", "6XE"))


def test_persons_of_a_list_are_one_value_each(redactor: Redactor) -> None:
    listed = redacted(redactor, "Thanks to Anna, Piotr and Lars. Piotr lives in Rotterdam.")
    assert listed == "Thanks to <PERSON_1>, <PERSON_2> and <PERSON_3>. <PERSON_2> lives in <LOCATION_1>."
    assert redacted(redactor, "I met Schmidt, Anna yesterday.") == "I met <PERSON_1> yesterday."


def test_the_number_before_an_address_on_its_line_belongs_to_it(redactor: Redactor) -> None:
    sent = redacted(redactor, "Ingrid Dahl\n\n43 Hauptstraße 112\nGraz")
    assert sent == "<PERSON_1>\n\n<LOCATION_1>"


def test_bits_of_links_are_no_names_and_those_of_a_user_are_whole(redactor: Redactor) -> None:
    for plain in ("More at http://t.co/sm2fn6sdJo and http://t.co/BSWj6CgEQ4", "Soooooo good, YESSSSS!"):
        assert redacted(redactor, plain) == plain
    user = redacted(redactor, "Thanks @annaberg17 for the picture of Anna Berg.")
    assert "17" not in user and "Anna" not in user


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Guten Tag, meine Bestellung ist noch nicht angekommen, bitte prüfen Sie den Versand.", ""),
        ("Bonjour, je n'arrive pas à me connecter, pouvez-vous m'aider à changer mon mot de passe ?", ""),
        ("Hola, quiero cambiar mi contraseña porque no puedo entrar en la cuenta.", ""),
        ("Buongiorno, vorrei sapere quando arriva il mio ordine, grazie.", ""),
        ("Ik kan niet inloggen op mijn account, kunt u mij helpen?", ""),
        ("Dzień dobry, nie mogę się zalogować, proszę o pomoc.", ""),
        ("Ich heiße Sabine Krüger und wohne in Leipzig.", "Sabine Krüger Leipzig"),
        ("Bonjour, je m'appelle Chloé Dubois et j'habite à Toulouse.", "Chloé Dubois Toulouse"),
        ("Hola, soy Lucía Fernández y vivo en Sevilla.", "Lucía Fernández Sevilla"),
        ("Mi chiamo Giulia Moretti e abito a Bologna.", "Giulia Moretti Bologna"),
        ("Mijn naam is Daan de Vries en ik woon in Utrecht.", "Daan Vries Utrecht"),
    ],
)
def test_other_languages_are_read(redactor: Redactor, text: str, hidden: str) -> None:
    found = redacted(redactor, text)
    assert (found == text) == (not hidden) and not [word for word in hidden.split() if word in found]
    assert all(
        word in found for word in ("und wohne in", "je m'appelle", "y vivo en", "e abito a") if word in text
    )


def test_a_month_is_no_woman(redactor: Redactor) -> None:
    assert redacted(redactor, "Will you be there on April 3?") == "Will you be there on April 3?"


@pytest.mark.parametrize("text", ['"Don\'t feed me," she said.', "Don’t wait.", "Won't it rain?"])
def test_a_negation_is_no_name(redactor: Redactor, text: str) -> None:
    assert redacted(redactor, text) == text


def test_long_texts_are_split_without_losing_a_character() -> None:
    text = ("word " * 300 + "\n\n") * 3 + "x" * 5000
    pieces = split_text(text)
    assert all(text[start : start + len(piece)] == piece for start, piece in pieces)
    covered = {at for start, piece in pieces for at in range(start, start + len(piece))}
    assert all(text[at] == "\n" for at in set(range(len(text))) - covered)


def test_what_an_overlap_leaves_is_kept_too() -> None:
    text = "12 High Street, Springfield, MA 01234 and"
    found = resolve([Finding(0, 37, "LOCATION", 0.6), Finding(32, 37, "ZIP_CODE", 0.9)], text)
    assert [(text[f.start : f.end], f.kind) for f in found] == [
        ("12 High Street, Springfield, MA", "LOCATION"), ("01234", "ZIP_CODE"),
    ]  # fmt: skip


def test_operators(redactor: Redactor) -> None:
    text = "mail a@b.example or c@d.example, card 4111 1111 1111 1111, from 192.168.13.7"
    operators = {"EMAIL_ADDRESS": "hash", "CREDIT_CARD": "mask", "IP_ADDRESS": "off"}
    once = redacted(redactor, text, operators=operators)
    assert "**** **** **** 1111" in once
    assert "192.168.13.7" in once
    hashes = {word.strip(",") for word in once.split() if word.startswith("<EMAIL_ADDRESS_")}
    assert len(hashes) == 2
    assert once == redacted(redactor, text, operators=operators), "the same in every run"
    assert redacted(redactor, once, operators=operators) == once, "and not redacted again"
    assert redacted(redactor, text, operators={"EMAIL_ADDRESS": "keep"}).count("@") == 2
    assert redacted(redactor, text, default="off") == text


def test_masks() -> None:
    assert mask("4111 1111 1111 1111") == "**** **** **** 1111"
    assert mask("GB29NWBK60161331926819") == "******************6819"
    assert mask("Ada O'Neil") == "*** *'****"
    assert mask("555-0199") == "***-****"


def test_allowed_values_stay_and_denied_ones_go(redactor: Redactor) -> None:
    text = "Write to  Support@Acme.example about project heliotrope."
    assert "Support@Acme.example" in redacted(redactor, text, allow=["support@acme.example"])
    assert "<DENIED_1>" in redacted(redactor, text, deny=["Heliotrope"])
    assert "heliotropes" in redacted(redactor, "heliotropes", deny=["Heliotrope"]), "whole values only"


def test_an_article_is_no_part_of_what_is_allowed(redactor: Redactor) -> None:
    asked = "When was the Busan office opened?"
    assert redacted(redactor, asked) == "When was the <LOCATION_1> office opened?"
    assert redacted(redactor, asked, allow=["Busan"]) == asked


def test_own_patterns(redactor: Redactor) -> None:
    policy = {"patterns": [{"kind": "CONTRACT", "pattern": r"C-\d{6}"}]}
    assert redacted(redactor, "see C-123456 and C-123457 and C-123456", **policy) == (
        "see <CONTRACT_1> and <CONTRACT_2> and <CONTRACT_1>"
    )


@pytest.mark.parametrize("pattern", ["(", "x*", ""])
def test_patterns_that_cannot_work_are_refused(pattern: str) -> None:
    with pytest.raises(ValidationError):
        CustomPattern(kind="X_Y", pattern=pattern)


def test_a_pattern_that_takes_too_long_raises_instead_of_passing(redactor: Redactor) -> None:
    with pytest.raises(TimeoutError):
        redacted(redactor, "a" * 40 + "!", patterns=[{"kind": "SLOW", "pattern": "(a|a)+$"}])


def test_policies_are_frozen_and_strict() -> None:
    with pytest.raises(ValidationError):
        RedactionPolicy.model_validate({"operators": {"PERSON": "shred"}})
    with pytest.raises(ValidationError):
        RedactionPolicy.model_validate({"entities": []})


@pytest.mark.parametrize(
    ("kind", "hint"), [("EMAIL_ADRESS", "Did you mean EMAIL_ADDRESS?"), ("QQQQ", "docs/security.md lists those that are")]
)  # fmt: skip
async def test_an_operator_of_a_kind_that_nothing_finds_is_refused(
    whorl: Whorl, acme: Actor, kind: str, hint: str
) -> None:
    misspelt = RedactionPolicy.model_validate({"operators": {kind: "mask", "PERSON": "mask"}})
    own = RedactionPolicy.model_validate(
        {
            "operators": {"CONTRACT": "hash", "DENIED": "mask", "NRP": "replace", "UK_NHS": "off"},
            "patterns": [{"kind": "CONTRACT", "pattern": "C-[0-9]{6}"}],
        }
    )
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        with pytest.raises(InputError, match=f"{kind} is no kind that is found.*{re.escape(hint)}"):
            await store_policy(session, SEALER, acme, misspelt)
        known = len(await policy_history(session))
        await store_policy(session, SEALER, acme, own)
        assert len(await policy_history(session)) == known + 1


async def test_the_barrier_takes_each_tenants_newest_policy(whorl: Whorl, acme: Actor, rival: Actor) -> None:
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await store_policy(session, SEALER, acme, RedactionPolicy(deny=("heliotrope",)))
        newest = await store_policy(
            session, SEALER, acme, RedactionPolicy(operators={"EMAIL_ADDRESS": "hash"}), 1
        )
        with pytest.raises(ConflictError):
            await store_policy(session, SEALER, acme, RedactionPolicy(), 1)
        assert [row.version for row in await policy_history(session)] == [2, 1]
        assert [event.action for event in await recent(session)][:2] == ["redaction_policy.changed"] * 2
    async with tenant_session(whorl.engine, rival.tenant_id) as session:
        assert await policy_history(session) == []
    redactor = Redactor([PatternDetector()], StoredPolicies(TenantReader(whorl.addresses.app), SEALER))
    ours, theirs = a_span(text=f"to {EMAIL}"), a_span(text=f"to {EMAIL}")
    ours.tenant_id, theirs.tenant_id = str(acme.tenant_id), str(rival.tenant_id)
    redactor.redact_run([ours, theirs])
    assert ours.redaction_policy == f"{redactor.rules}@{newest.version}"
    assert theirs.redaction_policy == f"{redactor.rules}@0"
    assert theirs.attributes["text"] == "to <EMAIL_ADDRESS_1>"
    assert ours.attributes["text"].startswith("to <EMAIL_ADDRESS_")
    assert len(ours.attributes["text"]) == len("to <EMAIL_ADDRESS_>") + 12


def test_without_a_database_a_policy_never_read_raises_and_one_read_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policies = StoredPolicies(TenantReader("postgresql://nobody@127.0.0.1:1/nothing"), SEALER)
    with pytest.raises(Exception, match="connection"):
        policies.of("00000000-0000-7000-8000-000000000000")
    known = TenantPolicy(RedactionPolicy(), 7)
    policies._known["t"] = (-1000.0, known)
    assert policies.of("t") is known


async def test_while_the_policies_cannot_be_read_in_time_those_read_last_stay(
    whorl: Whorl, acme: Actor, rival: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One statement is waited for, not one a tenant; a tenant whose policy was never read raises."""
    monkeypatch.setattr(reader, "STATEMENT_SECONDS", 0.1)
    monkeypatch.setattr(stored, "FRESH", 0.0)
    ours, theirs = str(acme.tenant_id), str(rival.tenant_id)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await store_policy(session, SEALER, acme, RedactionPolicy(deny=("heliotrope",)))
    policies = StoredPolicies(TenantReader(whorl.addresses.app), SEALER)
    newest = {tenant: policies.of(tenant) for tenant in (ours, theirs)}
    with psycopg.connect(whorl.addresses.admin) as connection:
        connection.execute("LOCK TABLE redaction_policies IN ACCESS EXCLUSIVE MODE")
        assert policies.of(ours) == newest[ours]
        with monkeypatch.context() as unread:
            unread.setattr(TenantReader, "rows", lambda *given: pytest.fail("it is read"))
            assert policies.of(theirs) == newest[theirs]
        with pytest.raises(psycopg.errors.QueryCanceled):
            policies.of(str(uuid.UUID(int=1)))
    assert StoredPolicies(TenantReader(whorl.addresses.app), SEALER).of(ours) == newest[ours]


# --- content of every sort ---------------------------------------------------------------------


def test_tool_arguments_and_results_stay_json(redactor: Redactor) -> None:
    arguments = {
        "to": EMAIL,
        "note": 'he said "call Katarzyna Nowak" \\ and left',
        "n": 4111111111111111,
        "deep": [{"x": None}],
    }
    span = a_span(
        **{c.TOOL_ARGUMENTS: json.dumps(arguments), c.TOOL_RESULT: json.dumps([arguments], indent=2)}
    )
    redactor.redact_run([span])
    after = json.loads(span.attributes[c.TOOL_ARGUMENTS])
    assert after == {
        "to": "<EMAIL_ADDRESS_1>", "note": 'he said "call <PERSON_1>" \\ and left', "n": "<CREDIT_CARD_1>",
        "deep": [{"x": None}],
    }  # fmt: skip
    assert json.loads(span.attributes[c.TOOL_RESULT]) == [after]


def test_json_that_holds_nothing_is_not_rewritten(redactor: Redactor) -> None:
    text = '{ "b":1.10,\n "a": [1,2] }'
    span = a_span(**{c.TOOL_RESULT: text})
    redactor.redact_run([span])
    assert span.attributes[c.TOOL_RESULT] == text


def test_retrieved_text_messages_and_errors_are_redacted(redactor: Redactor) -> None:
    documents = [{"id": "7", "text": f"Contact: Katarzyna Nowak, {EMAIL}"}]
    messages = [{"role": "user", "parts": [{"type": "text", "content": "I am Katarzyna Nowak."}]}]
    span = a_span(**{c.RETRIEVAL_DOCUMENTS: json.dumps(documents), c.INPUT_MESSAGES: json.dumps(messages)})
    span.status_message = f"KeyError: '{EMAIL}'"
    raised = {"exception.type": "KeyError", "exception.message": f"no user {EMAIL}"}
    raised["exception.stacktrace"] = f'f("{EMAIL}")'
    span.events = [{"name": "exception", "at_ns": 1, "attributes": raised}]
    redactor.redact_run([span])
    whole = json.dumps([span.attributes, span.events, span.status_message])
    assert EMAIL not in whole
    assert "Nowak" not in whole
    assert span.events[0]["attributes"]["exception.type"] == "KeyError"
    assert whole.count("<PERSON_1>") == 2, "one placeholder in the whole run"


def test_the_document_of_a_passage_is_still_known(redactor: Redactor) -> None:
    """In the digits of some ids the detectors find places, without which nothing could be recalled."""
    ids = ["ba5efc1e-3dc9-478e-51a6-ab41facade00", "b0b0a11a-0000-4000-8000-cafe12345678"]
    documents = [{"id": each, "chunk_id": CARD, "content": f"Write to {EMAIL}."} for each in ids]
    span = a_span(**{c.RETRIEVAL_DOCUMENTS: json.dumps(documents), "mlflow.spanOutputs": "x"})
    visit_record(span, lambda text: f"<{text}>")
    assert [each["id"] for each in json.loads(span.attributes[c.RETRIEVAL_DOCUMENTS])] == ids
    assert (
        EMAIL in span.attributes[c.RETRIEVAL_DOCUMENTS] and "<Write" in span.attributes[c.RETRIEVAL_DOCUMENTS]
    )
    assert f'"chunk_id": "{CARD}"' in span.attributes[c.RETRIEVAL_DOCUMENTS], (
        "one number in ten passes for a card's"
    )
    assert span.attributes["mlflow.spanOutputs"] == "<x>", "a field's name is no content"
    other = a_span(**{c.RETRIEVAL_DOCUMENTS: json.dumps(documents), c.SOURCE: "otlp"})
    redactor.redact_run([other])
    assert CARD not in other.attributes[c.RETRIEVAL_DOCUMENTS], "what another program calls so may be one"


@pytest.mark.parametrize(
    "drawn",
    [
        "call_facade5bade1cafe0dad4abe",
        "chatcmpl-tool-deadbeefcafebabe0123456789abcdef",
        "call_abMarieQx7LondonZt2PaulK",
    ],
)
def test_what_a_server_calls_a_tool_call_is_nobody(redactor: Redactor, drawn: str) -> None:
    messages = [{"role": "assistant", "parts": [{"type": "tool_call", "id": drawn, "name": "search"}]}]
    span = a_span(**{c.INPUT_MESSAGES: json.dumps(messages), c.PROMPT_TOKEN_IDS: [1, 2]})
    redactor.redact_run([span])
    assert json.loads(span.attributes[c.INPUT_MESSAGES]) == messages and span.redactions == {}
    assert span.attributes[c.PROMPT_TOKEN_IDS] == [1, 2]


@pytest.mark.parametrize(
    "told", ["call_4111111111111111", f"call_{EMAIL}", "Anna Schmidt", "call_Anna_Schmidt_1985"]
)
def test_what_only_looks_like_it_is_redacted(redactor: Redactor, told: str) -> None:
    asked: list[str] = []
    span = a_span(**{c.INPUT_MESSAGES: json.dumps([{"id": told}])})
    visit_record(span, lambda text: asked.append(text) or text)
    assert told in asked


def test_keys_are_redacted_and_none_is_lost(redactor: Redactor) -> None:
    span = a_span(**{f"user.{EMAIL}": 1, "gen_ai.request.model": "m", f"gen_ai.{EMAIL}": 2})
    redactor.redact_run([span])
    assert EMAIL not in json.dumps(span.attributes)
    assert len(span.attributes) == 3
    changed = visit_json({EMAIL: 1, EMAIL.upper(): 2, "id": 3}, lambda text: redactor.redact_text(text))
    assert changed == {"<EMAIL_ADDRESS_1>": 1, "<EMAIL_ADDRESS_1> (2)": 2, "id": 3}


def test_json_in_json_in_json(redactor: Redactor) -> None:
    text = json.dumps({"body": json.dumps({"inner": json.dumps({"mail": EMAIL})})})
    span = a_span(**{c.TOOL_RESULT: text})
    redactor.redact_run([span])
    body = json.loads(json.loads(span.attributes[c.TOOL_RESULT])["body"])
    assert json.loads(body["inner"]) == {"mail": "<EMAIL_ADDRESS_1>"}


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"password": "hunter2x9", "api_key": "9f8a7b6c5d4e3f2a"}, {"password": "<SECRET_1>", "api_key": "<SECRET_2>"}),
        ({"password": "sunshine", "client_secret": "blue moon"}, {"password": "<SECRET_1>", "client_secret": "<SECRET_2>"}),
        ({"phone": "13800138000", "mobileNumber": 13800138001}, {"phone": "<PHONE_NUMBER_1>", "mobileNumber": "<PHONE_NUMBER_2>"}),
        ({"phones": ["13800138000", None]}, {"phones": ["<PHONE_NUMBER_1>", None]}),
        ({"ssn": "123456789", "cvv": 123, "pin": "4321"}, {"ssn": "<US_SSN_1>", "cvv": "<CREDIT_CARD_1>", "pin": "<SECRET_1>"}),
        ({"headers": {"X-Api-Key": "abc-def", "Authorization": "Basic YWRh"}},
         {"headers": {"X-Api-Key": "<SECRET_1>", "Authorization": "<SECRET_2>"}}),
        ({"a": json.dumps({"password": "sunshine"})}, {"a": json.dumps({"password": "<SECRET_1>"})}),
    ],
)  # fmt: skip
def test_a_key_says_what_its_value_is(redactor: Redactor, given: Any, stored: Any) -> None:
    span = a_span(**{c.TOOL_ARGUMENTS: json.dumps(given), "tool.input": json.dumps([given])})
    redactor.redact_run([span])
    assert json.loads(span.attributes[c.TOOL_ARGUMENTS]) == stored
    assert json.loads(span.attributes["tool.input"]) == [stored]


def test_an_attribute_says_what_its_value_is(redactor: Redactor) -> None:
    span = a_span(**{"http.request.header.x-password": "sunshine", "db.phone": 13800138000})
    redactor.redact_run([span])
    assert span.attributes["http.request.header.x-password"] == "<SECRET_1>"
    assert span.attributes["db.phone"] == "<PHONE_NUMBER_1>"


@pytest.mark.parametrize(
    "given",
    [
        {
            "password": "$DB_PASSWORD",
            "secret": None,
            "credentials": True,
            "api_key": "{{key}}",
            "token": "the",
        },
        {"token": "the", "max_tokens": 256, "card": "front page", "page_token": 7, "exp": 1732989600},
        {"properties": {"password": {"type": "string", "description": "what to sign in with"}}},
    ],
)
def test_keys_alone_hide_nothing(redactor: Redactor, given: Any) -> None:
    span = a_span(**{c.TOOL_ARGUMENTS: json.dumps(given)})
    redactor.redact_run([span])
    assert span.attributes[c.TOOL_ARGUMENTS] == json.dumps(given)


def test_a_key_that_comes_twice_hides_nothing(redactor: Redactor) -> None:
    span = a_span(**{c.TOOL_RESULT: f'{{"email": "{EMAIL}", "email": "none", "n": [{{"a": 1, "a": 2}}]}}'})
    redactor.redact_run([span])
    assert json.loads(span.attributes[c.TOOL_RESULT]) == {
        "email": "<EMAIL_ADDRESS_1>", "email (2)": "none", "n": [{"a": 1, "a (2)": 2}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ('Found: {"name": "J\\u00f6rg M\\u00fcller"}', 'Found: {"name": "<PERSON_1>"}'),
        ('Found: {\\"name\\": \\"J\\\\u00f6rg M\\\\u00fcller\\"}', 'Found: {\\"name\\": \\"<PERSON_1>\\"}'),
        ('{"a": "J\\u00f6rg M\\u00fcller"}\n{"a": 1}', '{"a": "<PERSON_1>"}\n{"a": 1}'),
        ('Said: "\\u00e9t\\u00e9 \\u0022 \\ud83d"', 'Said: "\\u00e9t\\u00e9 \\u0022 \\ud83d"'),
    ],
)
def test_letters_that_are_written_by_their_numbers_are_read(
    redactor: Redactor, text: str, stored: str
) -> None:
    span = a_span(**{c.TOOL_RESULT: text})
    redactor.redact_run([span])
    assert span.attributes[c.TOOL_RESULT] == stored


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on 2001:db8:85a3:8d3:4319:8a2e:370:7348 now", "2001:db8:85a3:8d3:4319:8a2e:370:7348"),
        ("on 2003:e7:bf4b:8c3d:5e9b:7d44:b3c9:6b8e now", "2003:e7:bf4b:8c3d:5e9b:7d44:b3c9:6b8e"),
        ("client_secret=9f8a7b6c5d", "9f8a7b6c5d"),
        ("db_password=hunter2x9", "hunter2x9"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYzz9", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzz9"),
        (f"use hf_{'aB3' * 12} there", f"hf_{'aB3' * 12}"),
        (f"use npm_{'aB3d' * 9} there", f"npm_{'aB3d' * 9}"),
        (f"use dop_v1_{'a3' * 32} there", f"dop_v1_{'a3' * 32}"),
        (f"use SG.{'a1B2' * 5}.{'a1B2' * 10} there", f"SG.{'a1B2' * 5}.{'a1B2' * 10}"),
        ("Authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l", "YWxhZGRpbjpvcGVuc2VzYW1l"),
        ("postgres://app:s3cr3tpw@db/x", "s3cr3tpw"),
        ("card 4111\u00a01111\u00a01111\u00a01111", "4111\u00a01111\u00a01111\u00a01111"),
        ("see https://x.example/?email=ann.smith%40example.com&x=1", "ann.smith%40example.com"),
    ],
)
def test_forms_in_full(redactor: Redactor, text: str, value: str) -> None:
    hidden = redactor.redact_text(text)
    before, after = text.split(value)
    assert value not in hidden and hidden.endswith(f"_1>{after}")
    assert hidden.startswith(before) or "postgres" in text


@pytest.mark.parametrize(
    "text", ["At 10:30 to 11:45 the ratio is 3:4.", "Basic understanding of tokens: none", "std::vector x::y"]
)
def test_what_only_has_colons_or_words_of_keys_stays(redactor: Redactor, text: str) -> None:
    assert redactor.redact_text(text) == text


@pytest.mark.parametrize(
    "text", ["दान करना अच्छा है", "வணக்கம், எப்படி இருக்கிறீர்கள்?", "สวัสดีครับ วันนี้อากาศเป็นอย่างไร", "నేను బాగున్నాను"]
)
def test_signs_that_combine_with_letters_part_no_word(redactor: Redactor, text: str) -> None:
    assert redactor.redact_text(text) == text
    assert [word.strip() for word in split_words(text).raw if word.strip()] == re.findall(
        r"[^\s,?]+|[,?]", text
    )


def test_names_whose_accents_are_written_apart_are_hidden_whole(redactor: Redactor) -> None:
    hidden = redactor.redact_text(unicodedata.normalize("NFD", "Her name is María Jiménez."))
    assert hidden == "Her name is <PERSON_1>."


@pytest.mark.parametrize("text", ["[" * 2000 + EMAIL, "[" * 600 + f'"{EMAIL}"' + "]" * 600])
def test_json_that_nests_too_deep_is_redacted_as_text(redactor: Redactor, text: str) -> None:
    span = a_span(**{c.TOOL_RESULT: text})
    redactor.redact_run([span])
    assert span.attributes[c.TOOL_RESULT] == text.replace(EMAIL, "<EMAIL_ADDRESS_1>")


def test_what_nests_too_deep_is_dropped_where_an_escape_may_hide_something(redactor: Redactor) -> None:
    hidden = EMAIL.replace("a", "\\u0061", 1)
    span = a_span(**{c.TOOL_RESULT: "[" * 2000 + hidden})
    redact_or_drop(redactor, [span])
    assert c.TOOL_RESULT not in span.attributes


def test_what_was_measured_is_shipped() -> None:
    shown = measured()
    assert shown.sets[0].name.startswith("pii-presidio-research/")
    assert {kind.kind for kind in shown.sets[0].kinds} >= {"PERSON", "LOCATION", "CREDIT_CARD"}


def test_national_numbers_are_found_where_the_policy_names_their_kind(redactor: Redactor) -> None:
    text = "NHS number 943 476 5919, NIF 12345678Z."
    policy = RedactionPolicy(operators={"UK_NHS": "replace", "ES_NIF": "mask", "CONTRACT": "replace"})
    found = {(f.kind, text[f.start : f.end]) for f in redactor.find([text], policy)[0]}
    assert {("UK_NHS", "943 476 5919"), ("ES_NIF", "12345678Z")} <= found
    plain = {f.kind for f in redactor.find([text], RedactionPolicy())[0]}
    assert not plain & {"UK_NHS", "ES_NIF"}


@pytest.mark.parametrize(
    "number",
    ["+1 415 555 2671", "+1-415-555-2671", "+1 (415) 555-2671", "(+1) 415 555 2671", "001 415 555 2671"],
)
def test_a_number_behind_a_countrys_prefix_is_a_telephone_number(redactor: Redactor, number: str) -> None:
    """Though its last ten digits may be one of the National Health Service."""
    policy = RedactionPolicy(operators={"UK_NHS": "replace"})
    text = f"Call {number} today."
    found = {(f.kind, text[f.start : f.end]) for f in redactor.find([text], policy)[0]}
    assert found == {("PHONE_NUMBER", number)}
    plain = "NHS number 415 555 2671."
    assert "UK_NHS" in {f.kind for f in redactor.find([plain], policy)[0]}


def test_nationality_religion_and_politics_are_found_where_the_policy_names_them(redactor: Redactor) -> None:
    text = "The tenant is a Kenyan catholic and two Democrats; polish the table."
    found = redactor.find([text], RedactionPolicy(operators={"NRP": "replace"}))[0]
    assert [text[f.start : f.end] for f in found if f.kind == "NRP"] == ["Kenyan", "catholic", "Democrats"]
    assert all(f.kind != "NRP" for f in redactor.find([text], RedactionPolicy())[0])


def test_tool_definitions_stay_code_and_their_prose_is_redacted() -> None:
    """A training prompt must be the served one: names, types and titles of a schema are no names of people."""
    schema = {
        "type": "object", "title": "Bergen",
        "properties": {"city": {"title": "City", "type": "string", "default": "ann@arnby.example"},
                       "description": {"type": "string", "description": "For Ann Halvorsen of Bergen."}},
        "required": ["city", "description"],
    }  # fmt: skip
    tool = {
        "type": "function",
        "function": {"name": "stock_level", "description": "Look it up.", "parameters": schema},
    }
    record = a_span(**{c.TOOL_DEFINITIONS: json.dumps([tool])})
    visited: list[str] = []
    visit_record(record, lambda text: visited.append(text) or text.replace("Ann Halvorsen", "<PERSON_1>"))
    assert {"Look it up.", "ann@arnby.example", "For Ann Halvorsen of Bergen."} == set(visited)
    [kept] = json.loads(record.attributes[c.TOOL_DEFINITIONS])
    changed = kept["function"]["parameters"]["properties"]["description"]
    assert changed["description"] == "For <PERSON_1> of Bergen."
    changed["description"] = "For Ann Halvorsen of Bergen."
    assert json.dumps(kept) == json.dumps(tool), "nothing else changed, not even the order"


def test_what_no_schema_word_explains_is_redacted() -> None:
    """A vendor's field, a default that is an object, a list: none is code that is known."""
    schema = {
        "type": "object", "x-owner": "Ann", "x-people": ["Ann"],
        "properties": {"to": {"type": "object", "default": {"name": "Ann", "type": "Ann"}}},
    }  # fmt: skip
    record = a_span(
        **{c.TOOL_DEFINITIONS: [{"type": "function", "function": {"name": "f", "parameters": schema}}]}
    )
    visit_record(record, lambda text: text.replace("Ann", "<PERSON_1>"))
    assert "Ann" not in json.dumps(record.attributes)


@pytest.mark.parametrize("value", [
    "ec26c3e57ca3a959ca5aad62de7213c562f8c821", "MDQ6VXNlcjIxMDMxMDY3", "abcd12f2-46da-4fdb-b8d5-fbd4c466928f", "vpc-a01106c2",
    "us-west-2b", "cache.t2.small", "arn:aws:ecs:us-east-1:012345678910:service/default", "SpotFleetRequestId",
    "README.md", "https://api.example.com/repos/17/forks", "sha256", "0.080000", "0-4194303",
])  # fmt: skip
def test_what_programs_call_their_things_is_nobody(redactor: Redactor, value: str) -> None:
    for text in (value, f"The job {value} ended.", f"name={value}"):
        assert redactor.redact_text(text) == text


@pytest.mark.parametrize(("text", "gone"), [
    ("omar_davis_3817", "davis"), ("user daiki_silva_2903 was found", "daiki"), ("anna.berg@example.com", "berg"),
    ("https://github.example/anna-lindqvist/notes", "lindqvist"), ("ada1985 wrote", "ada"),
    ("arn:aws:iam::123456789012:user/Alice", "Alice"), ("Maria Lopez, 212-555-0182", "0182"), ("Berlin-Mitte", "Berlin"),
    ("emma.miller wrote", "miller"), ("user emma-1a2b3c4d", "emma"), ("arn:aws:s3:::emma-johnson-photos", "johnson"),
    ("https://x.example/in/emma-johnson", "emma"),
])  # fmt: skip
def test_a_name_in_an_id_or_a_path_is_somebody(redactor: Redactor, text: str, gone: str) -> None:
    assert gone not in redactor.redact_text(text)


def test_fields_of_capitalised_parts_are_fields_and_names_are_none(redactor: Redactor) -> None:
    fields = {"VpcId": 1, "CreationDate": 2, "DhcpOptionsId": 3, "JoinedMethod": "email"}
    assert json.loads(redactor.redact_text(json.dumps(fields))) == fields
    assert (
        "Lindqvist" not in redactor.redact_text('{"Anna Lindqvist": 4, "a.lindqvist@example.com": 5}').title()
    )


def test_codes_and_common_nouns_are_no_names() -> None:
    assert NameDetector().find(["Look up how many units of a product a ledger of a city shows."]) == [[]]
    texts = ["R2", "The ledger is F1.", "See T3 and R2 in Lisbon.", '{"city": "Bristol", "ledger": "S1"}']
    found = [
        [text[f.start : f.end] for f in findings]
        for text, findings in zip(texts, NameDetector().find(texts), strict=True)
    ]
    assert not {"R2", "F1", "T3", "S"} & {value for values in found for value in values}


def test_ordinary_words_are_no_names_for_being_one_elsewhere() -> None:
    """What was taken for a name in one place is hidden in the others where it can be one: not "price" for a Mr Price."""
    policy = "The agent may book basic economy. Say the price first, and what Anna wants."
    spans = [
        a_span(text=policy),
        a_span(text="Economy Price: $121, as Jane Price told anna. Jane Price signs it."),
    ]
    default_redactor().redact_run(spans)
    first, second = (str(span.attributes["text"]) for span in spans)
    hidden = first.split()[-2]
    assert first == f"The agent may book basic economy. Say the price first, and what {hidden} wants."
    assert hidden.startswith("<PERSON_") and f"told {hidden}" in second and "Jane" not in second
