"""Who the embedded PostgreSQL runs as. It refuses to be root, so root's start needs another user.

Started by root it runs as the system user `suiyao-postgres` (made on first use), who must be able to pass
through the parent folders of the data and of the installed wheel: folders that nobody else could pass get the
bit `o+x` (pass, not list), and the wheel's own files become readable. Better: run as an ordinary user; then
nothing of this happens.
"""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from pathlib import Path

from bot.errors import Misconfigured

SYSTEM_USER = "suiyao-postgres"


def server_account() -> str:
    """The system user to run as when we are root, made on first use; "" for anybody else: run as oneself."""
    if os.geteuid() != 0:
        return ""
    if SYSTEM_USER not in (account.pw_name for account in pwd.getpwall()):
        command = ["useradd", "--system", "--no-create-home", "--user-group", SYSTEM_USER]
        try:
            subprocess.run(command, capture_output=True, check=False)
            pwd.getpwnam(SYSTEM_USER)  # another process may have been quicker: what counts is that it exists
        except (OSError, KeyError):
            raise Misconfigured(
                f"PostgreSQL does not run as root and {SYSTEM_USER} cannot be made: run as an ordinary user"
            ) from None
    return SYSTEM_USER


def let_pass(folder: Path) -> None:
    """Allow others to pass through this folder and those above it; no more than that."""
    for step in (folder, *folder.parents):
        mode = step.stat().st_mode
        if not mode & stat.S_IXOTH:
            step.chmod(mode | stat.S_IXOTH)


def let_read(folder: Path) -> None:
    """The wheel's files may have been unpacked for root only. PostgreSQL is public: nothing is given away."""
    for step in (folder, *folder.rglob("*")) if folder.exists() else ():
        mode = step.stat().st_mode
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if wanted != mode and not step.is_symlink():
            step.chmod(wanted)
