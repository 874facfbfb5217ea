"""Which file system a journal lies on: write-ahead logging needs shared memory, which network mounts lack."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

NETWORK_TYPES: Final = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb",
        "smbfs",
        "smb2",
        "smb3",
        "afs",
        "afpfs",
        "webdav",
        "davfs",
        "ncpfs",
        "9p",
        "lustre",
    }
    | {
        "glusterfs",
        "ceph",
        "beegfs",
        "gpfs",
        "orangefs",
        "fuse.sshfs",
        "fuse.s3fs",
        "fuse.rclone",
        "fuse.gcsfuse",
    }
    | {"fuse.glusterfs", "fuse.ceph", "fuse.davfs", "fuse.juicefs", "drvfs"}
)
"""Types, as the operating system names them, on which SQLite's write-ahead log is not safe.
Source: "WAL does not work over a network filesystem", sqlite.org/wal.html."""


def type_of(path: Path) -> str:
    """Return the type of the file system that holds `path` (or will), in lower case; "" if it is not known."""
    import psutil

    place = path.expanduser().absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    place = place.resolve()
    best, found = "", ""
    for mount in psutil.disk_partitions(all=True):
        inside = place == Path(mount.mountpoint) or Path(mount.mountpoint) in place.parents
        if inside and len(mount.mountpoint) >= len(best):
            best, found = mount.mountpoint, "smb" if "remote" in mount.opts.split(",") else mount.fstype
    return found.lower()


def is_network(path: Path) -> bool:
    """Whether `path` lies on a network file system; VICTOR_FILESYSTEM overrides what the system says."""
    return (os.environ.get("VICTOR_FILESYSTEM") or type_of(path)).lower() in NETWORK_TYPES
