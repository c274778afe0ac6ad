"""The command line, in a process of its own or in this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from unittest import mock

import structlog

from processor.cli.main import main


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """As its users start it."""
    command = [sys.executable, "-m", "processor", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=_clean() | environment)


def run_here(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The same without the second that a process takes to start, where the question is what it says and makes."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    code: object = 0
    with (
        mock.patch.dict(os.environ, _clean(), clear=True),
        mock.patch.object(sys, "argv", ["processor", *map(str, arguments)]),
        redirect_stdout(TextIOWrapper(BytesIO(), "utf-8", write_through=True)) as stdout,
        redirect_stderr(TextIOWrapper(BytesIO(), "utf-8", write_through=True)) as stderr,
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
        finally:
            structlog.reset_defaults()
            for number, handler in handlers.items():
                signal.signal(number, handler)
    assert code is None or isinstance(code, int)
    said = [stream.buffer.getvalue().decode() for stream in (stdout, stderr)]
    return subprocess.CompletedProcess([str(each) for each in arguments], code or 0, *said)


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PROCESSOR_")}
