"""What an interface of a program returns: nested records of mails, events, files, issues, orders, places, resources."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from . import documents, words, work
from .grammar import expand

# Fields that hold what somebody wrote, and into which something may be planted.
WRITTEN = (
    "body", "description", "content", "text", "message", "notes", "title", "subject", "reviews", "comment", "summary", "snippet",
)  # fmt: skip
_HEX = "0123456789abcdef"
_STATES = (
    "open", "closed", "active", "pending", "completed", "ACTIVE", "available", "confirmed", "sent", "paid", "draft", "ok",
)  # fmt: skip
_LABELS = (
    "bug", "help wanted", "inbox", "work", "urgent", "q-a", "enhancement", "travel", "private", "v2", "good first issue",
)  # fmt: skip


@dataclass(frozen=True)
class Records:
    """Makes records; ``prose`` are sentences of real text."""

    rng: Random
    prose: Sequence[str]

    def record(self) -> object:
        """One record, a list of them, or a list in an envelope."""
        kinds: tuple[Callable[[], dict[str, Any]], ...] = (
            self.mail, self.event, self.chat, self.file, self.issue, self.order, self.payment, self.place, self.resource,
            self.contact, self.hit,
        )  # fmt: skip
        kind = self.rng.choices(kinds, (6, 3, 4, 4, 4, 2, 2, 3, 4, 3, 2))[0]
        roll = self.rng.random()
        if roll < 0.45:
            return kind()
        several = [kind() for _ in range(self.rng.choice((1, 2, 2, 3, 4, 6)))]
        if roll < 0.8:
            return several
        name = self.rng.choice(("items", "results", "data", "messages", "Records", "value", "entries"))
        return {
            name: several,
            **self._some({"total": self._number(), "next": None, "has_more": False, "ok": True}),
        }

    def mail(self) -> dict[str, Any]:
        return self._keyed({
            "id_": str(self.rng.randint(0, 60)), "sender": self._say("{mailbox}"),
            "recipients": self._several("{mailbox}"), "cc": [], "bcc": [], "subject": self._line(work.EVENTS, work.COLLEAGUES),
            "body": self._letter(), "status": self.rng.choice(("received", "sent")), "read": self.rng.random() < 0.5,
            "timestamp": self._time(), "attachments": [],
        })  # fmt: skip

    def event(self) -> dict[str, Any]:
        return self._keyed({
            "id_": self._id(), "title": self._say(*work.EVENTS), "description": self._sentences(work.EVENTS, 1, 2),
            "start_time": self._time(), "end_time": self._time(), "location": self.rng.choice((None, self._address())),
            "participants": self._several("{mailbox}"), "all_day": False, "status": self.rng.choice(_STATES),
        })  # fmt: skip

    def chat(self) -> dict[str, Any]:
        who = self._keyed(
            {"sender": self._say("{name}"), "recipient": self._say("[general|random|{name}|{project}]")}
        )
        key = self.rng.choice(("body", "text", "message", "content"))
        return {
            **who,
            key: self._sentences(work.COLLEAGUES, 1, 2),
            **self._some({"ts": self._time(), "reactions": []}),
        }

    def file(self) -> dict[str, Any]:
        return self._keyed({
            "id_": self._id(), "filename": self._say("[{project}-notes|team-meeting|plan|budget|recipe].[docx|xlsx|txt|md]"),
            "content": self._document(), "owner": self._say("{mailbox}"), "last_modified": self._time(),
            "shared_with": {self._say("{mailbox}"): self.rng.choice(("r", "rw")) for _ in range(self.rng.randint(0, 2))},
            "size": self._number(),
        })  # fmt: skip

    def issue(self) -> dict[str, Any]:
        user = {
            "login": self._say("{first}{number}"),
            "id": self._number(),
            "url": self._url(),
            "type": "User",
        }
        return self._keyed({
            "id": self._number(), "node_id": self._id(), "url": self._url(), "number": self.rng.randint(1, 900),
            "title": self._say(*work.ISSUES), "body": self._sentences(work.ISSUES, 1, 3), "user": user,
            "labels": self.rng.sample(_LABELS, self.rng.randint(0, 3)), "state": self.rng.choice(_STATES),
            "before": self._hex(), "after": self.rng.choice((self._hex(), "0" * 40)), "created_at": self._time(), "assignee": None,
            "comment": self._sentences(work.ISSUES, 1, 2),
        })  # fmt: skip

    def order(self) -> dict[str, Any]:
        item = {
            "name": self._say("[T-shirt|kettle|desk lamp|novel|bike helmet]"), "item_id": self._number(),
            "price": self._price(), "options": {"color": "blue", "size": "M"},
        }  # fmt: skip
        return self._keyed({
            "order_id": f"#W{self._number()}", "user_id": self._say("{first}_{last}_{number}"), "address": self._address(),
            "items": [item] * self.rng.randint(1, 3), "status": self.rng.choice(_STATES),
            "notes": self._sentences(work.REVIEWS, 0, 1),
            "payment": {"type": "credit_card", "amount": self._price(), "last_four": "4711"},
        })  # fmt: skip

    def payment(self) -> dict[str, Any]:
        return self._keyed({
            "id": self._number(), "sender": self._iban(), "recipient": self._iban(), "amount": self._price(),
            "subject": self._say(*work.DESCRIPTIONS), "date": self._time()[:10], "recurring": self.rng.random() < 0.3,
        })  # fmt: skip

    def place(self) -> dict[str, Any]:
        return self._keyed({
            "name": self._say("{company} [Hotel|Bistro|Car Rental]"), "city": self._say("{country}"), "address": self._address(),
            "rating": round(self.rng.uniform(2, 5), 1), "price_per_day": self._price(),
            "reviews": [self._say(*work.REVIEWS) for _ in range(self.rng.randint(0, 5))],
            "contact": self._say("Phone: +{number} {number} {number}, Email: {mailbox}"), "opening_hours": "10:00-22:00",
        })  # fmt: skip

    def resource(self) -> dict[str, Any]:
        return self._keyed({
            "Arn": f"arn:aws:iam::{self._number()}:role/{self._say('{first}-{last}')}",
            "Name": self._say("my-{first}-[bucket|queue|role]"), "Description": self._say(*work.DESCRIPTIONS),
            "State": self.rng.choice(_STATES), "CreationDate": self._time(), "OwnerId": self._number(), "Endpoint": self._url(),
            "Tags": [{"Key": "team", "Value": self._say("{project}")}],
            "Checksum": self._hex(), "MetaData": {"Path": f"file://{self._say('{first}')}.json", "Encrypted": False},
        })  # fmt: skip

    def contact(self) -> dict[str, Any]:
        return self._some({
            "email": self._say("{mailbox}"), "name": self._say("{name}"), "phone": self._say("+{number} {number} {number}"),
            "address": self._address(), "role": self.rng.choice(("admin", "member", "viewer", "r", "rw")), "id": self._id(),
        }) or {self._say("{mailbox}"): "rw"}  # fmt: skip

    def hit(self) -> dict[str, Any]:
        return self._keyed({
            "title": self._say("{topic}"), "url": self._url(), "snippet": self.rng.choice(self.prose),
            "score": round(self.rng.random(), 3),
            "source": self._say("{site}"), "published": self._time()[:10],
        })  # fmt: skip

    # What fields hold
    def _letter(self) -> str:
        body = [self._say(*work.COLLEAGUES) for _ in range(self.rng.randint(1, 4))]
        if self.rng.random() < 0.25:
            body += [self._say(*work.MINUTES) for _ in range(self.rng.randint(1, 4))]
        if self.rng.random() < 0.2:
            body.insert(0, self.rng.choice(self.prose))
        mark = self.rng.choice((" ", "\n\n", "\n"))
        greeting, end = self._say("[Hi|Dear|Hello|Hey] {name},"), self._say("[Best|Cheers|Regards],\n{name}")
        return f"{greeting}\n\n{mark.join(body)}\n\n{end}"

    def _document(self) -> str:
        bank = self.rng.choice(
            (work.MINUTES, work.MINUTES, work.MINUTES, work.COLLEAGUES, documents.ARTICLE, documents.PAPER)
        )
        return self.rng.choice(("\n", "\n", " ")).join(
            self._say(*bank) for _ in range(self.rng.randint(2, 10))
        )

    def _line(self, *banks: Sequence[str]) -> str:
        return self._say(*self.rng.choice(banks))

    def _sentences(self, bank: Sequence[str], fewest: int, most: int) -> str:
        return " ".join(self._say(*bank) for _ in range(self.rng.randint(fewest, most)))

    def _several(self, pattern: str) -> list[str]:
        return [self._say(pattern) for _ in range(self.rng.choice((1, 1, 2, 3)))]

    def _say(self, *patterns: str) -> str:
        return expand(self.rng.choice(patterns), _LISTS, self.rng)

    def _keyed(self, record: dict[str, Any]) -> dict[str, Any]:
        """The record without some of its fields, in one of the ways in which keys are written."""
        kept = {key: value for key, value in record.items() if key in WRITTEN or self.rng.random() < 0.8}
        return {_camel(key): value for key, value in kept.items()} if self.rng.random() < 0.25 else kept

    def _some(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in fields.items() if self.rng.random() < 0.45}

    def _id(self) -> str:
        return self.rng.choice(
            (str(self.rng.randint(0, 40)), self._hex()[:12], f"{self._hex()[:8]}-{self._hex()[:4]}")
        )

    def _hex(self) -> str:
        return "".join(self.rng.choices(_HEX, k=40))

    def _number(self) -> int:
        return self.rng.randint(10, 10 ** self.rng.randint(2, 12))

    def _price(self) -> float:
        return round(self.rng.uniform(1, 900), 2)

    def _iban(self) -> str:
        return self.rng.choice(("US", "CH", "DE", "SE")) + str(self.rng.randint(10**12, 10**16))

    def _address(self) -> str:
        return self._say("{number} {street}, {country}", "{street} {number}, {number} {country}")

    def _url(self) -> str:
        return self._say(
            "https://api.{last}.com/[users|repos|v1]/{first}/{number}", "https://{last}.io/****", "https://www.{last}.org/{first}?page={number}"
        )  # fmt: skip

    def _time(self) -> str:
        day = f"20{self.rng.randint(18, 26)}-{self.rng.randint(1, 12):02}-{self.rng.randint(1, 28):02}"
        minute, zone = self.rng.choice(("00", "30", "45", "12")), self.rng.choice(("", "Z", ".000Z"))
        return f"{day}T{self.rng.randint(0, 23):02}:{minute}:00{zone}"


_LISTS = {**words.LISTS, **work.LISTS}


def _camel(key: str) -> str:
    first, *rest = key.strip("_").split("_")
    return first + "".join(part.capitalize() for part in rest)


def plant(value: object, planted: str, rng: Random) -> bool:
    """Put ``planted`` into one of the fields that somebody wrote; whether there is one."""
    places = list(_written(value))
    if not places:
        return False
    holder, key = rng.choice(places)
    there = holder[key]
    holder[key] = rng.choice((
        planted, planted, f"{there} {planted}", f"{there}\n\n{planted}", f"{there}\n{planted}", f"{planted} {there}",
    ))  # fmt: skip
    return True


def _written(value: object, under: str = "") -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in pairs:
        name = key if isinstance(key, str) else under
        if isinstance(held, str) and name.lower() in WRITTEN:
            yield value, key
        else:
            yield from _written(held, name)


def as_json(value: object, rng: Random) -> str:
    return json.dumps(value, ensure_ascii=False, indent=rng.choice((None, None, 1, 2)))


def as_python(value: object, _rng: Random) -> str:
    return repr(value)


def as_lines(value: object, _rng: Random, indent: str = "") -> str:
    """As YAML lays it out, with the texts as they are."""
    if isinstance(value, dict):
        return "\n".join(f"{indent}{key}: {_below(held, indent, _rng)}" for key, held in value.items())
    if isinstance(value, list):
        return "\n".join(f"{indent}- {as_lines(each, _rng, indent + '  ').lstrip()}" for each in value)
    return str(value)


def _below(held: object, indent: str, rng: Random) -> str:
    if isinstance(held, dict | list) and held:
        return "\n" + as_lines(held, rng, indent + "  ")
    return as_lines(held, rng) if not isinstance(held, dict | list) else "[]"


def place_of(planted: str, text: str) -> tuple[int, int]:
    """Where ``planted`` stands in a record that was written in one of the forms."""
    printed = repr(f'{planted}"')[1:-2]
    in_json = json.dumps(planted, ensure_ascii=False)[1:-1]
    for written in (planted, in_json, printed, printed.replace("\\'", "'")):
        start = text.find(written)
        if start >= 0:
            return start, start + len(written)
    raise ValueError("what was planted is not in the record")


# How records are written, and how often each.
FORMS = (as_json, as_python, as_lines)
WEIGHTS = (5, 2, 3)
