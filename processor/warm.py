"""`python -m processor.warm`: compiles every kernel into Numba's cache, so that no later start has to.

It makes a small dataset, rewrites a part of it as a vendor's file, and aggregates both: what is compiled is what a real
run needs, whatever that is.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from processor.aggregate import aggregate
from processor.demo import generate
from processor.formats import open_dataset
from processor.publish import depth_payload
from processor.report import Report
from processor.settings import Settings

_TARDIS: dict[str, str] = {
    "book.csv": "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"
    "x,X,1700000000000000,1700000000000000,true,bid,1.5,2\nx,X,1700000000000001,1700000000000001,false,ask,1.6,2\n",
    "trades.csv": "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
    "x,X,1700000000000000,1700000000000000,1,buy,1.6,1\n",
}


def main() -> None:
    """Compile."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        generate(demo, hours=0.02, seed=1, events=None)
        tardis = Path(folder) / "tardis"
        tardis.mkdir()
        for name, text in _TARDIS.items():
            (tardis / name).write_text(text)
        for dataset in (demo, tardis):
            report = Report()
            engine = aggregate(open_dataset(dataset).open(None, "exchange", report), Settings(), report)
            engine.rows()
            depth_payload(engine, 50)


if __name__ == "__main__":
    main()
