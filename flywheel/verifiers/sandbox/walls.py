"""What cuts a process off from the machine: no files, no network, no privileges, no other process, and limits."""

import ctypes
import os
import resource
from pathlib import Path

_NEW_USER, _NEW_PROCESSES, _NEW_NET = 0x10000000, 0x20000000, 0x40000000
# https://docs.kernel.org/userspace-api/landlock.html: system calls (the same on every architecture), rights by version.
_CREATE_RULESET, _RESTRICT_SELF, _ASK_VERSION = 444, 446, 1
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
_NETWORK_RIGHTS, _SCOPES = {4: 0b11}, {6: 0b11}
_CAPABILITIES_3 = 0x20080522
_NOT_DUMPABLE, _NO_NEW_PRIVILEGES = 4, 38
_NOBODY = 65534


class NoWall(OSError):
    """The system does not allow what keeps the code apart."""


def leave(flags: int, what: str) -> None:
    """Leave namespaces that this process shares; raises NoWall."""
    if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
        raise NoWall(f"{what}: {os.strerror(ctypes.get_errno())}")


def leave_processes() -> None:
    """What this process starts from now on sees and signals no process but its own."""
    if os.geteuid() == 0:
        leave(_NEW_PROCESSES, "a process namespace of its own")
        return
    user, group = os.geteuid(), os.getegid()
    leave(_NEW_USER | _NEW_PROCESSES, "user and process namespaces of its own")
    # Mapped to itself, so that it may leave once more.
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(text, encoding="ascii")


def cut_off(megabytes: int, seconds: int) -> list[str]:
    """No files, no network, no privileges, no other process, and limits; returns which walls stand. Raises NoWall."""
    root = os.geteuid() == 0
    leave(_NEW_NET if root else _NEW_NET | _NEW_USER, "a network namespace of its own")
    stay_in_nothing()
    limits = {
        resource.RLIMIT_CPU: seconds, resource.RLIMIT_AS: megabytes << 20, resource.RLIMIT_FSIZE: 1 << 20,
        resource.RLIMIT_NOFILE: 32, resource.RLIMIT_CORE: 0, resource.RLIMIT_NPROC: 0,
    }  # fmt: skip
    if root:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    drop_capabilities()
    version = restrict_files()
    walls = [
        "process and network namespaces",
        "an empty root folder",
        "no capabilities",
        "no further process",
    ]
    return [*walls, f"Landlock {version}"] if version else walls


def stay_in_nothing() -> None:
    """Make an empty folder that is gone the root: nothing can be opened or made there, no socket reached."""
    folder = Path("nothing").absolute()
    folder.mkdir(mode=0o500)
    os.chdir(folder)
    folder.rmdir()
    try:
        os.chroot(".")
    except OSError as error:
        raise NoWall(f"an empty root folder: {error.strerror}") from error


def drop_capabilities() -> None:
    """Those that a user namespace gave, too; raises NoWall."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    header, none = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, none) != 0:
        raise NoWall(f"no capabilities: {os.strerror(ctypes.get_errno())}")


def restrict_files() -> int:
    """Refuse every access to files, and to the network, by Landlock; returns its version, 0 where there is none."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION))
    if version < 1:
        return 0
    known = [
        sum(bits for since, bits in rights.items() if since <= version)
        for rights in (_FILE_RIGHTS, _NETWORK_RIGHTS, _SCOPES)
    ]
    fields = 1 + (version >= 4) + (version >= 6)
    rules = libc.syscall(_CREATE_RULESET, (ctypes.c_uint64 * 3)(*known), ctypes.c_size_t(8 * fields), 0)
    if rules < 0 or libc.syscall(_RESTRICT_SELF, rules, 0) != 0:
        raise NoWall(f"Landlock {version}: {os.strerror(ctypes.get_errno())}")
    os.close(rules)
    return version
