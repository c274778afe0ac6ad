"""The machine a figure was measured on, in a few lines."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import psutil

_LIBRARIES: Final = ("numpy", "numba", "polars", "msgspec", "dash", "gunicorn", "hftbacktest", "duckdb")


def described(disk: Path) -> dict[str, str]:
    """Processor, memory, kernel, Python and libraries, and the file system that `disk` lies on."""
    installed = {name: found for name in _LIBRARIES if (found := _version(name))}
    return {
        "cpu": f"{_cpu_model()}, {len(_usable_cpus())} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "disk": _file_system(disk),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": ", ".join(f"{name} {found}" for name, found in installed.items()),
    }


def load() -> str:
    """How busy the machine is: the load average of the last minute."""
    return f"{os.getloadavg()[0]:.2f}"


def _usable_cpus() -> list[int]:
    process = psutil.Process()
    # macOS does not say which processors a process may use.
    return process.cpu_affinity() if hasattr(process, "cpu_affinity") else list(range(os.cpu_count() or 1))


def _cpu_model() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _file_system(path: Path) -> str:
    mounts = [mount for mount in psutil.disk_partitions(all=True) if path.is_relative_to(mount.mountpoint)]
    return max(mounts, key=lambda mount: len(mount.mountpoint)).fstype if mounts else "unknown"


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None
