"""One tenant's flood beside another's chats: ``python -m tests.bench.fairness``.

A quiet tenant asks one chat after the other, alone and then beside a tenant that asks with many clients at once, for
the same few places at a model server whose answers take a while. Asked: the quiet one's p99 is not raised by more
than twice. Whorl runs on one core, its database with it; model and clients run on the others.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from whorl.platform.database.embedded import start_embedded
from whorl.platform.database.session import create_engine
from whorl.platform.identity.bootstrap import ensure_tenant

from .corpora import squad
from .gateway import Target, load
from .instant_model import MODEL
from .processes import SETTLE, instant, keep_off, whorl
from .report import Row, bar, commit, percentile, show, write

# What an answer of the model takes, its places, and how many clients flood.
ANSWER_SECONDS, PLACES, FLOOD = 0.1, 8, 64
SECONDS = 60.0


async def measure(quiet: Target, loud: Target, seconds: float) -> list[Row]:
    """The quiet tenant's chats alone, then beside the flood; milliseconds."""
    questions = [asked.text for asked in squad().questions]
    alone, _ = await load(quiet, 1, seconds, questions)
    flood = asyncio.create_task(load(loud, FLOOD, seconds + 4, questions))
    await asyncio.sleep(2)
    beside, _ = await load(quiet, 1, seconds, questions)
    flooded, took = await flood
    rows = [_row("alone", alone), _row("beside a flood", beside), _row("the flood", flooded)]
    rows[2]["requests_a_second"] = round(len(flooded) / took, 1)
    return rows


def _row(what: str, spent: list[float]) -> Row:
    times = {f"p{share}_ms": round(1000 * percentile(spent, share / 100), 1) for share in (50, 99)}
    return {"chats": what, "n": len(spent), **times}


async def _keys(url: str) -> tuple[str, str]:
    engine = create_engine(url)
    made = [await ensure_tenant(engine, name) for name in ("quiet", "loud")]
    await engine.dispose()
    return str(made[0].key), str(made[1].key)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each measurement")
    given = parser.parse_args()
    keep_off()
    began_at = commit()
    with (
        instant(ANSWER_SECONDS) as model,
        tempfile.TemporaryDirectory() as folder,
        whorl(
            Path(folder), model_url=model.url, model_name=MODEL, worker="external",
            model_concurrency=str(PLACES),
        ) as server,
    ):  # fmt: skip
        quiet, loud = asyncio.run(_keys(start_embedded(Path(folder) / "postgres").app))
        time.sleep(SETTLE)
        targets = Target("quiet", server.url, quiet), Target("loud", server.url, loud)
        asyncio.run(load(targets[0], 1, 3, ["When does the tide turn?"]))
        rows = asyncio.run(measure(*targets, given.seconds))
    show(rows)
    share = round(rows[0]["p99_ms"] / rows[1]["p99_ms"], 3)
    write(
        "fairness",
        began_at,
        rows,
        [bar("p99 alone to p99 beside a flood (a half: raised by two)", 0.5, share)],
    )


if __name__ == "__main__":
    main()
