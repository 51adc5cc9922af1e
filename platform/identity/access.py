"""The one place that decides what an actor may do."""

import uuid
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
class Actor:
    """Whoever makes a request: a signed-in user or an API key, always of one tenant."""

    tenant_id: uuid.UUID
    tenant_slug: str
    role: Role
    name: str
    user_id: uuid.UUID | None = None
    key_id: uuid.UUID | None = None

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

    def is_over(self, role: str) -> bool:
        """Whether the actor may give the role, take it and come in as who has it: an owner's is for owners."""
        return role != "owner" or self.role == "owner"

    def require_over(self, *roles: str) -> None:
        """Raise PermissionDeniedError where the actor is not over each of the roles."""
        if not all(self.is_over(role) for role in roles):
            raise PermissionDeniedError("That takes an owner of the workspace: ask one of them.")

    @property
    def label(self) -> str:
        """How audit records name the actor."""
        return f"user:{self.user_id}" if self.user_id else f"key:{self.key_id}"


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
