"""How long tests wait."""

from __future__ import annotations

from typing import Final

PATIENCE_S: Final = 300.0
"""For what must come, on a machine that is busy with something else, too: only a test that fails waits as long."""
PATIENCE_MS: Final = PATIENCE_S * 1000
