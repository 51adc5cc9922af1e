"""The ``whorl`` command."""

import logging
import os
import warnings
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import Any

import click

from .command import Terminal, fail
from .errors import WhorlError
from .identity.access import Actor
from .settings import Settings, load_settings

# Where each command is, and after that what adds to it.
WHERE = {
    "agent": "agents.definition_commands",
    "ask": "agents.commands",
    "audit": "platform.identity.commands",
    "datasets": "flywheel.list_commands",
    "delete": "flywheel.deletion_commands",
    "demo": "flywheel.demo.commands",
    "distil": "flywheel.distil_commands",
    "doctor": "platform.doctor flywheel.verifiers.walls_check",
    "erase": "flywheel.lineage_commands",
    "evaluate": "flywheel.promotion_commands flywheel.qa_commands",
    "export": "flywheel.export_commands",
    "feedback": "flywheel.feedback_commands",
    "import": "flywheel.importing.commands",
    "ingest": "retrieval.commands",
    "invitation": "platform.identity.invitation_commands",
    "judge": "flywheel.judging.commands",
    "key": "platform.identity.commands",
    "lineage": "flywheel.lineage_commands",
    "member": "platform.identity.member_commands",
    "migrate": "platform.process_commands",
    "promote": "flywheel.promotion_commands",
    "quarantine": "flywheel.screening.queue_commands",
    "rebuild": "flywheel.export_commands",
    "recall": "flywheel.lineage_commands",
    "redact": "platform.telemetry.redact_commands",
    "reward-model": "flywheel.reward_model_commands",
    "rollback": "flywheel.promotion_commands",
    "runs": "flywheel.runs_commands",
    "screen": "flywheel.screening.commands",
    "secrets": "platform.identity.sso_commands",
    "serve": "platform.process_commands",
    "sso": "platform.identity.sso_commands",
    "status": "flywheel.promotion_commands",
    "tenant": (
        "platform.identity.commands platform.telemetry.policy_commands platform.usage.commands "
        "flywheel.consent_commands flywheel.retention_commands flywheel.offboarding_commands"
    ),
    "train": "flywheel.training.commands",
    "trainings": "flywheel.list_commands",
    "usage": "platform.usage.commands",
    "verify": "flywheel.verifiers.commands",
    "worker": "platform.process_commands",
}


class Commands(click.Group):
    """Imports a command when it is asked for: none waits for the libraries of another."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return sorted(WHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, with all that other rooms add to it; None where there is none."""
        if cmd_name not in WHERE:
            return None
        modules = [import_module(f"whorl.{name}") for name in WHERE[cmd_name].split()]
        found = (each for each in vars(modules[0]).values() if isinstance(each, click.Command))
        return next(each for each in found if each.name == cmd_name)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="whorl")
@click.pass_context
def main(context: click.Context) -> None:
    """Whorl: agents that learn from their own traces.

    \b
    whorl ingest docs/            put documents in
    whorl ask "How do I start?"   ask the agent
    whorl serve                   the product on http://localhost:8000
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TQDM_DISABLE", "1")
    warnings.simplefilter("ignore")
    # Where it is installed, whatever knows adapters imports it, and it tells of kernels that nobody asked for.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    try:
        settings = load_settings()
    except WhorlError as error:
        fail(error)
        return
    context.obj = Terminal(settings, _open_whorl, _choose_actor)


def _open_whorl(settings: Settings, **options: Any) -> AbstractAsyncContextManager[Any]:
    from .app import open_whorl

    return open_whorl(settings, **options)


async def _choose_actor(terminal: Terminal, whorl: Any) -> Actor:
    from .identity.bootstrap import choose_actor

    return await choose_actor(terminal, whorl)


if __name__ == "__main__":
    main()
