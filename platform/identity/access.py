"""The one place that decides what an actor may do."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import InputError, PermissionDeniedError

PersonRole = Literal["owner", "admin", "member", "viewer"]
# An exporter is a program that sends spans and may do nothing else: a role of keys, not of people.
Role = Literal[PersonRole, "exporter"]
Permission = Literal["read", "chat", "write", "administer", "ingest"]

ROLES: tuple[PersonRole, ...] = get_args(PersonRole)
KEY_ROLES: tuple[Role, ...] = (*ROLES, "exporter")
_GRANTS: dict[Role, frozenset[Permission]] = {
    "owner": frozenset({"read", "chat", "write", "administer", "ingest"}),
    "admin": frozenset({"read", "chat", "write", "administer", "ingest"}),
    "member": frozenset({"chat"}),
    "viewer": frozenset({"read"}),
    "exporter": frozenset({"ingest"}),
}


@dataclass(frozen=True)
class Scope:
    """What a limited key may ask: these agents, and these models directly, nothing else."""

    agents: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()

    @classmethod
    def of(cls, agents: Iterable[str] | None, models: Iterable[str] | None) -> "Scope | None":
        """The scope of these names; None, without limit, where neither is given."""
        if agents is None and models is None:
            return None
        return cls(frozenset(agents or ()), frozenset(models or ()))

    def __str__(self) -> str:
        kinds = (("agents", self.agents), ("models", self.models))
        return " and ".join(f"the {kind} {', '.join(sorted(names))}" for kind, names in kinds if names)


@dataclass(frozen=True)
class Actor:
    """Whoever makes a request: a signed-in user or an API key, always of one tenant.

    ``scope`` is what a limited key is limited to, ``line_id`` the first of those that one took the place of another until
    this one did.
    """

    tenant_id: uuid.UUID
    tenant_slug: str
    role: Role
    name: str
    user_id: uuid.UUID | None = None
    key_id: uuid.UUID | None = None
    scope: Scope | None = None
    line_id: uuid.UUID | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the actor's role includes ``permission``."""
        return permission in _GRANTS[self.role]

    def require(self, permission: Permission) -> None:
        """Raise PermissionDeniedError unless the actor may do this."""
        if not self.may(permission):
            raise PermissionDeniedError(
                f"The role {self.role} does not include the permission to {permission}. "
                "Ask an administrator of the workspace."
            )

    def may_ask(self, *, agent: str | None = None, model: str = "") -> bool:
        """Whether an agent, or without one a model directly, lies within the actor's scope."""
        if self.scope is None:
            return True
        return model in self.scope.models if agent is None else agent in self.scope.agents

    def require_asking(self, *, agent: str | None = None, model: str = "") -> None:
        """Raise PermissionDeniedError for an agent, or a model, outside of the actor's scope."""
        if not self.may_ask(agent=agent, model=model):
            asked = f"the model {model}" if agent is None else f"the agent {agent}"
            raise PermissionDeniedError(
                f"The key is limited to {self.scope} and may not ask {asked}. Ask an administrator for another key."
            )

    def require_unlimited(self) -> None:
        """Raise PermissionDeniedError for a key that is limited to some agents or models."""
        if self.scope is not None:
            raise PermissionDeniedError(
                f"The key is limited to {self.scope} and may do nothing else. Ask an administrator for another key."
            )

    def is_over(self, role: str) -> bool:
        """Whether the actor may give the role, take it and come in as who has it: an owner's is for owners."""
        return role != "owner" or self.role == "owner"

    def require_over(self, *roles: str) -> None:
        """Raise PermissionDeniedError where the actor is not over each of the roles."""
        if not all(self.is_over(role) for role in roles):
            raise PermissionDeniedError("That takes an owner of the workspace: ask one of them.")

    @property
    def own_key(self) -> uuid.UUID | None:
        """The key whose runs are the actor's own, whatever took its place; None of a person and of a person's key."""
        return None if self.user_id else self.line_id or self.key_id

    @property
    def label(self) -> str:
        """How audit records name the actor."""
        return f"user:{self.user_id}" if self.user_id else f"key:{self.key_id}"


def roles_beyond(role: Role) -> list[Role]:
    """The roles that may do something which ``role`` may not.

    >>> roles_beyond("admin"), roles_beyond("viewer")
    (['owner'], ['owner', 'admin', 'member', 'exporter'])
    """
    if role == "owner":
        return []
    return [each for each in KEY_ROLES if each == "owner" or not _GRANTS[each] <= _GRANTS[role]]


def parse_role(value: str) -> Role:
    """``value`` as a role; raises InputError naming the roles that exist."""
    for role in KEY_ROLES:
        if value == role:
            return role
    raise InputError(f"There is no role {value!r}. Roles are {', '.join(KEY_ROLES)}.")


def parse_person_role(value: str) -> PersonRole:
    """``value`` as a role of people; raises InputError naming those that exist."""
    for role in ROLES:
        if value == role:
            return role
    raise InputError(f"{value!r} is no role of a person. These are {', '.join(ROLES)}.")
