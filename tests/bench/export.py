"""Build a dataset of many runs: ``python -m tests.bench.export --runs 20000``.

Made-up runs go straight into an embedded PostgreSQL: each has one search and one judged answer;
the search results are of 15,000 kinds. A process of its own builds the KTO dataset, so that the
peak of its memory is known. Read beside it, for scale: the same runs taken from the database as
trajectories, and nothing else done.
"""

import argparse
import asyncio
import multiprocessing
import resource
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from whorl.flywheel.datasets import Selection, create_dataset
from whorl.flywheel.trajectory import trajectories
from whorl.platform.database.base import now
from whorl.platform.database.embedded import start_embedded
from whorl.platform.database.migrate import migrate
from whorl.platform.database.session import create_engine, tenant_session

from .report import Row, commit, show, write

GIB = 2**30
DAY_NS = 86_400 * 10**9
TENANT = uuid.UUID(int=7)
# Each statement gets the tenant, how many runs, and when their spans begin.
FILL = (
    """INSERT INTO tenants (id, slug, name, created_at) VALUES (%(tenant)s, 'bench', 'Bench', now())""",
    """INSERT INTO runs (tenant_id, id, agent, model, trace_id, status, steps, input_tokens, output_tokens,
                         started_at, ended_at, tags)
       SELECT %(tenant)s, md5('run' || n)::uuid, 'default', 'base', md5('trace' || n), 'succeeded', 2, 200, 20,
              now() - interval '1 day', now() - interval '1 day', '[]'
       FROM generate_series(1, %(runs)s) AS n""",
    """INSERT INTO spans (tenant_id, trace_id, span_id, run_id, name, operation, start_ns, end_ns, status, agent,
                          attributes, events, redaction_policy, redactions, status_message, content_dropped)
       SELECT %(tenant)s, md5('trace' || n), left(md5('tool' || n), 16), md5('run' || n)::uuid, 'execute_tool search',
              'execute_tool', %(from_ns)s + n * 1000, %(from_ns)s + n * 1000 + 400, 'ok', 'default',
              jsonb_build_object('gen_ai.tool.name', 'search', 'gen_ai.tool.call.result',
                format('[1] The office in Town %%s closes at %%s:00 on working days.', n %% 5000, n %% 24)),
              '[]', 'bench', '{}', '', false
       FROM generate_series(1, %(runs)s) AS n""",
    """INSERT INTO spans (tenant_id, trace_id, span_id, run_id, name, operation, start_ns, end_ns, status, agent,
                          attributes, events, redaction_policy, redactions, status_message, content_dropped)
       SELECT %(tenant)s, md5('trace' || n), left(md5('chat' || n), 16), md5('run' || n)::uuid, 'chat base', 'chat',
              %(from_ns)s + n * 1000 + 500, %(from_ns)s + n * 1000 + 900, 'ok', 'default',
              jsonb_build_object(
                'gen_ai.input.messages', jsonb_build_array(
                  jsonb_build_object('role', 'system', 'parts', jsonb_build_array(
                    jsonb_build_object('type', 'text', 'content', repeat('Answer from the documents. ', 20)))),
                  jsonb_build_object('role', 'user', 'parts', jsonb_build_array(jsonb_build_object('type', 'text',
                    'content', format('When does the office in Town %%s close, asked %%s?', n %% 5000, n)))),
                  jsonb_build_object('role', 'tool', 'parts', jsonb_build_array(jsonb_build_object(
                    'type', 'tool_call_response', 'id', 'c', 'response',
                    format('[1] The office in Town %%s closes at %%s:00 on working days.', n %% 5000, n %% 24)))))::text,
                'gen_ai.output.messages', jsonb_build_array(jsonb_build_object('role', 'assistant', 'parts',
                  jsonb_build_array(jsonb_build_object('type', 'text', 'content',
                    format('The office in Town %%s closes at %%s:00. [1]', n %% 5000, n %% 24)))))::text),
              '[]', 'bench', '{}', '', false
       FROM generate_series(1, %(runs)s) AS n""",
    """INSERT INTO outcomes (tenant_id, id, run_id, kind, value, source, weight, details, created_at)
       SELECT %(tenant)s, md5('outcome' || n)::uuid, md5('run' || n)::uuid, 'thumb', n %% 2,
              'user:' || n %% 500, 1.0, '{}', now() - interval '1 hour'
       FROM generate_series(1, %(runs)s) AS n""",
)  # fmt: skip


def fill(url: str, runs: int) -> None:
    """Write the runs, as the owner of the tables."""
    with psycopg.connect(url, autocommit=True) as connection:
        values = {"tenant": TENANT, "runs": runs, "from_ns": time.time_ns() - DAY_NS}
        for statement in FILL:
            connection.execute(statement, values)
        connection.execute("ANALYZE")


async def build(url: str, folder: Path) -> int:
    """Build the dataset; returns its rows."""
    engine = create_engine(url)
    try:
        dataset = await create_dataset(engine, TENANT, folder, "kto", Selection())
        return dataset.rows + dataset.held_out_rows
    finally:
        await engine.dispose()


async def read(url: str, folder: Path) -> int:
    """Read the same runs and do nothing with them; returns how many."""
    engine = create_engine(url)
    try:
        async with tenant_session(engine, TENANT) as session:
            ids = list(map(uuid.UUID, (folder / "ids.txt").read_text().split()))
            return sum([1 async for _ in trajectories(session, ids, now())])
    finally:
        await engine.dispose()


def measured(work: Callable[[str, Path], Any], url: str, folder: Path, answers: Any) -> None:
    started = time.perf_counter()
    count = asyncio.run(work(url, folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    answers.put((count, time.perf_counter() - started, peak))


def apart(work: Callable[[str, Path], Any], url: str, folder: Path) -> tuple[int, float, int]:
    """What ``work`` returned, its seconds and the peak of its memory in bytes, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=measured, args=(work, url, folder, answers))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise RuntimeError(f"The measured process ended with code {process.exitcode}.")
    result: tuple[int, float, int] = answers.get()
    return result


def row(name: str, count: int, seconds: float, peak: int) -> Row:
    return {
        "what": name, "runs": count, "seconds": round(seconds, 1), "runs_a_second": round(count / seconds),
        "peak_MiB": round(peak / 2**20),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000)
    given = parser.parse_args()
    began_at = commit()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        addresses = start_embedded(folder / "database")
        migrate(addresses.admin)
        fill(addresses.admin, given.runs)
        with psycopg.connect(addresses.admin) as connection:
            ids = connection.execute("SELECT id FROM runs ORDER BY id").fetchall()
        (folder / "ids.txt").write_text("\n".join(str(each[0]) for each in ids))
        reading, building = apart(read, addresses.app, folder), apart(build, addresses.app, folder)
    rows = [row("read alone", *reading), row("build a KTO dataset", *building)]
    ratio = round(building[1] / reading[1], 2)
    show([*rows, {"build against reading alone": ratio}])
    peak = building[2]
    bars = [{"bar": f"peak memory of a build of {given.runs} runs, GiB", "asked": 1.0,
             "measured": round(peak / GIB, 3), "met": peak <= GIB}]  # fmt: skip
    write("export", began_at, [*rows, {"ratio": ratio}], bars)


if __name__ == "__main__":
    main()
