"""`python -m visualizer`: serve the page under gunicorn."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from visualizer.server.settings import SettingError, describe, load


def main() -> None:
    """Check the settings, then become gunicorn."""
    parser = argparse.ArgumentParser(
        prog="python -m visualizer",
        description="Serves the dashboard of what a processor publishes.",
        epilog=f"settings, from the environment:\n{describe()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()
    try:
        load()
    except SettingError as error:
        parser.exit(2, f"{error}\n")
    conf = Path(__file__).with_name("gunicorn.conf.py")
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "--config", str(conf)])  # noqa: S606 - our own program


if __name__ == "__main__":
    main()
