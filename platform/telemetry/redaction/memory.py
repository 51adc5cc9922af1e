"""What redaction remembers of runs whose spans come piece by piece; in memory alone, for it has the values."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from .base import Finding
from .placeholders import Placeholders
from .policy import TenantPolicy

# Runs, and characters of searched texts, that are remembered at once.
MOST_RUNS = 2000
MOST_CHARACTERS = 32_000_000
# (tenant, trace) -> the placeholders that stand in what is stored of a trace already
Stored = Callable[[str, str], list[str]]


@dataclass
class Memory:
    """What was found in a run's texts, and what stands for its values."""

    placeholders: Placeholders
    found: dict[str, list[Finding]] = field(default_factory=dict)


def _none(tenant_id: str, trace_id: str) -> list[str]:
    return []


class Memories:
    """The memories of the runs that were written to last.

    A run that is not remembered, or whose policy has changed, gets new placeholders, numbered after those
    that ``stored`` finds, so that one placeholder never stands for two values of a run. Not for several
    threads at once.
    """

    def __init__(self, stored: Stored = _none) -> None:
        self._stored = stored
        self._runs: OrderedDict[tuple[str, str], Memory] = OrderedDict()

    def of(self, tenant: TenantPolicy, tenant_id: str, trace_id: str) -> Memory:
        """The memory of a run, made where there is none."""
        key = (tenant_id, trace_id)
        memory = self._runs.pop(key, None)
        if memory is None or memory.placeholders.tenant.version != tenant.version:
            memory = self._new(tenant, tenant_id, trace_id, memory)
        self._runs[key] = memory
        self._forget()
        return memory

    def _new(self, tenant: TenantPolicy, tenant_id: str, trace_id: str, former: Memory | None) -> Memory:
        memory = Memory(Placeholders(tenant))
        said = [hidden.text for hidden in former.placeholders.by_value.values()] if former else []
        for placeholder in (*said, *self._stored(tenant_id, trace_id)):
            memory.placeholders.number_on(placeholder)
        return memory

    def _forget(self) -> None:
        """Forget the runs that were written to longest ago; of the last one, its texts alone."""
        held = sum(len(text) for memory in self._runs.values() for text in memory.found)
        while len(self._runs) > 1 and (len(self._runs) > MOST_RUNS or held > MOST_CHARACTERS):
            _, memory = self._runs.popitem(last=False)
            held -= sum(map(len, memory.found))
        if held > MOST_CHARACTERS:
            next(iter(self._runs.values())).found.clear()
