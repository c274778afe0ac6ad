"""`python -m processor`."""

from __future__ import annotations

from processor.cli.main import main

if __name__ == "__main__":
    main()
