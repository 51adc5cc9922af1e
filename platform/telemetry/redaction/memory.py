"""What redaction remembers of runs whose spans come piece by piece; in memory alone, for it has the values."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from .base import Finding
from .placeholders import Placeholders
from .policy import TenantPolicy

# Runs, and characters of searched texts, that are remembered at once.
MOST_RUNS = 2000
MOST_CHARACTERS = 32_000_000
# (tenant, traces) -> the placeholders that stand in what is stored of each trace already
Stored = Callable[[str, Sequence[str]], Mapping[str, list[str]]]


@dataclass
class Memory:
    """What was found in a run's texts, and what stands for its values."""

    placeholders: Placeholders
    found: dict[str, list[Finding]] = field(default_factory=dict)
    characters: int = 0

    def learn(self, texts: list[str], found: list[list[Finding]]) -> None:
        """Remember what was found in each of ``texts``, which are new."""
        self.found.update(zip(texts, found, strict=True))
        self.characters += sum(map(len, texts))

    def forget_texts(self) -> None:
        """Forget the texts, and keep what stands for their values."""
        self.found.clear()
        self.characters = 0


def none_stored(tenant_id: str, traces: Sequence[str]) -> Mapping[str, list[str]]:
    """Nothing is stored of any trace; the fake of what asks the store."""
    return {}


class Memories:
    """The memories of the runs that were written to last.

    A run that is not remembered, or whose policy has changed, gets new placeholders, numbered after those
    that ``stored`` finds, so that one placeholder never stands for two values of a run. Not for several
    threads at once.
    """

    def __init__(self, stored: Stored = none_stored) -> None:
        self._stored = stored
        self._runs: OrderedDict[tuple[str, str], Memory] = OrderedDict()
        self._held = 0
        self._before: dict[tuple[str, str], list[str]] = {}

    def expect(self, tenant_id: str, traces: Sequence[str]) -> None:
        """Ask at once what is stored of those runs, of the ones to come, that are not remembered."""
        new = [trace for trace in traces if (tenant_id, trace) not in self._runs]
        stored = self._stored(tenant_id, new) if new else {}
        self._before = {(tenant_id, trace): stored.get(trace, []) for trace in new}

    def begin(self, tenant_id: str, trace_id: str) -> None:
        """Ask for nothing that is stored of the run that comes next: it begins now."""
        self._before = {(tenant_id, trace_id): []}

    @contextmanager
    def of(self, tenant: TenantPolicy, tenant_id: str, trace_id: str) -> Iterator[Memory]:
        """The memory of a run, made where there is none, to read and to add to."""
        key = (tenant_id, trace_id)
        memory = self._runs.pop(key, None)
        self._held -= memory.characters if memory else 0
        if memory is None or memory.placeholders.tenant.version != tenant.version:
            memory = self._new(tenant, tenant_id, trace_id, memory)
        try:
            yield memory
        finally:
            self._runs[key] = memory
            self._held += memory.characters
            self._forget()

    def _new(self, tenant: TenantPolicy, tenant_id: str, trace_id: str, former: Memory | None) -> Memory:
        memory = Memory(Placeholders(tenant))
        said = [hidden.text for hidden in former.placeholders.by_value.values()] if former else []
        before = self._before.pop((tenant_id, trace_id), None)
        if before is None:
            before = self._stored(tenant_id, [trace_id]).get(trace_id, [])
        for placeholder in (*said, *before):
            memory.placeholders.number_on(placeholder)
        return memory

    def _forget(self) -> None:
        """Forget the runs that were written to longest ago; of the last one, its texts alone."""
        while len(self._runs) > 1 and (len(self._runs) > MOST_RUNS or self._held > MOST_CHARACTERS):
            _, memory = self._runs.popitem(last=False)
            self._held -= memory.characters
        if self._held > MOST_CHARACTERS:
            next(iter(self._runs.values())).forget_texts()
            self._held = 0
