"""Recorders of each venue: what they write of the same market, wherever they begin and end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.formats import one_market
from tests.formats.one_market.model import iso
from tests.formats.samples import DAY_US, binance_depth, binance_snapshot, binance_trade, lines
from tests.formats.websocket_samples import (
    DAY_MS,
    PlainBook,
    archived_book,
    bitstamp_book,
    bybit_book,
    coinbase_snapshot,
    hyperliquid_book,
    hyperliquid_trades,
    kraken_checksum,
    okx_book,
    okx_checksum,
    okx_trade,
)
from tests.formats.websocket_samples import bybit_trades as bybit_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.formats.one_market.model import Deal, Levels

MARKET: Final = one_market.market(80)
MAKER: Final = {"buy": "sell", "sell": "buy"}


def timed(levels: Levels, at_ms: int) -> list[list[str]]:
    return [[*level, f"{(DAY_MS + at_ms) // 1000}.{at_ms % 1000:03d}000"] for level in levels]


def after_prefix(line: str) -> str:
    """A recorded line without its time of receipt."""
    return line.partition(" ")[2]


@dataclass(frozen=True)
class Step:
    """Update `number` of the market, or a snapshot that holds it, and the book after it."""

    number: int
    at_ms: int
    bids: Levels
    asks: Levels
    book: PlainBook

    @property
    def sides(self) -> tuple[Levels, Levels]:
        return self.bids, self.asks


class Venue:
    """How a venue sends updates, snapshots and trades, and whether a recorder writes the time of receipt before."""

    is_received = True

    def update(self, step: Step) -> str:
        raise NotImplementedError

    def snapshot(self, step: Step) -> str:
        raise NotImplementedError

    def trade(self, deal: Deal) -> str | None:
        raise NotImplementedError


class Binance(Venue):
    def update(self, step: Step) -> str:
        return after_prefix(binance_depth(step.at_ms, 3 * step.number + 1, 3 * step.number + 3, *step.sides))

    def snapshot(self, step: Step) -> str:
        return after_prefix(binance_snapshot(step.at_ms, 3 * step.number + 3, *step.sides))

    def trade(self, deal: Deal) -> str:
        return after_prefix(binance_trade(deal.at_ms, deal.number, deal.price, deal.size, maker=deal.side == "sell"))


class BinanceFutures(Binance):
    def update(self, step: Step) -> str:
        ids = 3 * step.number + 2, 3 * step.number + 3
        return after_prefix(binance_depth(step.at_ms, *ids, *step.sides, previous_id=3 * step.number))


class Bybit(Venue):
    def update(self, step: Step) -> str:
        return bybit_book(step.at_ms, "delta", 100 + step.number, *step.sides)

    def snapshot(self, step: Step) -> str:
        return bybit_book(step.at_ms, "snapshot", 100 + step.number, *step.sides)

    def trade(self, deal: Deal) -> str:
        return bybit_message(deal.at_ms, (deal.side.title(), deal.price, deal.size), i=f"t{deal.number}")


class Okx(Venue):
    def update(self, step: Step) -> str:
        ids: dict[str, Any] = {"prevSeqId": 50 + step.number, "seqId": 51 + step.number}
        checksum = okx_checksum(step.book)
        return okx_book(step.at_ms, "update", *step.sides, checksum=checksum, **ids).partition(": ")[2]

    def snapshot(self, step: Step) -> str:
        ids: dict[str, Any] = {"checksum": okx_checksum(step.book), "prevSeqId": -1, "seqId": 51 + step.number}
        return okx_book(step.at_ms, "snapshot", *step.sides, **ids).partition(": ")[2]

    def trade(self, deal: Deal) -> str:
        return okx_trade(deal.at_ms, deal.number, deal.side, deal.price, deal.size).partition(": ")[2]


class OkxArchive(Venue):
    is_received = False

    def update(self, step: Step) -> str:
        return archived_book(step.at_ms, "update", *step.sides)

    def snapshot(self, step: Step) -> str:
        return archived_book(step.at_ms, "snapshot", *step.sides)

    def trade(self, deal: Deal) -> None:
        del deal


class Kraken(Venue):
    def _book(self, kind: str, bids: Levels, asks: Levels, book: PlainBook, time: str = "") -> str:
        sides = (",".join(f'{{"price":{price},"qty":{size}}}' for price, size in side) for side in (bids, asks))
        levels = f'"bids":[{next(sides)}],"asks":[{next(sides)}]'
        fields = f'"symbol":"ABC/USD",{levels},"checksum":{kraken_checksum(book)}{time}'
        return f'{{"channel":"book","type":"{kind}","data":[{{{fields}}}]}}'

    def update(self, step: Step) -> str:
        return self._book("update", *step.sides, step.book, f',"timestamp":"{iso(step.at_ms)}"')

    def snapshot(self, step: Step) -> str:
        return self._book("snapshot", *step.sides, step.book)

    def trade(self, deal: Deal) -> str:
        fields = f'"symbol":"ABC/USD","side":"{deal.side}","price":{deal.price},"qty":{deal.size}'
        fields += f',"ord_type":"market","trade_id":{deal.number},"timestamp":"{iso(deal.at_ms)}"'
        return f'{{"channel":"trade","type":"update","data":[{{{fields}}}]}}'


class KrakenV1(Venue):
    def update(self, step: Step) -> str:
        changes = {key: timed(levels, step.at_ms) for key, levels in (("a", step.asks), ("b", step.bids)) if levels}
        return json.dumps([12, changes, "book-10", "ABC/USD"])

    def snapshot(self, step: Step) -> str:
        levels = {"as": timed(step.asks, step.at_ms - 5000), "bs": timed(step.bids, step.at_ms - 5000)}
        return json.dumps([12, levels, "book-10", "ABC/USD"])

    def trade(self, deal: Deal) -> str:
        time = timed([("", "")], deal.at_ms)[0][-1]
        return json.dumps([13, [[deal.price, deal.size, time, deal.side[0], "l", ""]], "trade", "ABC/USD"])


class Coinbase(Venue):
    def update(self, step: Step) -> str:
        changes = [("buy", *level) for level in step.bids] + [("sell", *level) for level in step.asks]
        return json.dumps({"type": "l2update", "product_id": "ABC-USD", "changes": changes, "time": iso(step.at_ms)})

    def snapshot(self, step: Step) -> str:
        return coinbase_snapshot(*step.sides)

    def trade(self, deal: Deal) -> str:
        trade = {"side": MAKER[deal.side], "size": deal.size, "price": deal.price, "product_id": "ABC-USD"}
        return json.dumps({"type": "match", "trade_id": deal.number, "sequence": 1} | trade | {"time": iso(deal.at_ms)})


class CoinbaseAdvanced(Venue):
    def _message(self, at_ms: int, channel: str, event: dict[str, Any]) -> str:
        envelope = {"channel": channel, "client_id": "", "timestamp": iso(at_ms), "sequence_num": 0}
        return json.dumps(envelope | {"events": [event]})

    def _book(self, kind: str, at_ms: int, bids: Levels, asks: Levels) -> str:
        updates = [
            {"side": side, "event_time": iso(at_ms), "price_level": price, "new_quantity": size}
            for side, levels in (("bid", bids), ("offer", asks))
            for price, size in levels
        ]
        return self._message(at_ms, "l2_data", {"type": kind, "product_id": "ABC-USD", "updates": updates})

    def update(self, step: Step) -> str:
        return self._book("update", step.at_ms, *step.sides)

    def snapshot(self, step: Step) -> str:
        return self._book("snapshot", step.at_ms, *step.sides)

    def trade(self, deal: Deal) -> str:
        trade = {"trade_id": str(deal.number), "product_id": "ABC-USD", "price": deal.price, "size": deal.size}
        trade |= {"side": MAKER[deal.side].upper(), "time": iso(deal.at_ms)}
        return self._message(deal.at_ms, "market_trades", {"type": "update", "trades": [trade]})


class Bitstamp(Venue):
    def update(self, step: Step) -> str:
        return bitstamp_book(step.at_ms * 1000, *step.sides, channel="diff_order_book").partition(": ")[2]

    def snapshot(self, step: Step) -> str:
        what = {"channel": "diff_order_book", "event": "snapshot"}
        return bitstamp_book(step.at_ms * 1000, *step.sides, **what).partition(": ")[2]

    def trade(self, deal: Deal) -> str:
        time = {"microtimestamp": str(DAY_US + deal.at_ms * 1000), "timestamp": str(DAY_US // 10**6)}
        kind = int(deal.side == "sell")
        data = {"id": deal.number, "amount_str": deal.size, "price_str": deal.price, "type": kind} | time
        return json.dumps({"data": data, "channel": "live_trades_abcusd", "event": "trade"})


class BitstampStates(Bitstamp):
    def update(self, step: Step) -> str:
        return bitstamp_book(step.at_ms * 1000, *step.book.best(99)).partition(": ")[2]

    def snapshot(self, step: Step) -> str:
        return self.update(step)


class Hyperliquid(Venue):
    def update(self, step: Step) -> str:
        return hyperliquid_book(step.at_ms, *step.book.best(99))

    def snapshot(self, step: Step) -> str:
        return self.update(step)

    def trade(self, deal: Deal) -> str:
        side = {"buy": "B", "sell": "A"}[deal.side]
        return hyperliquid_trades(deal.at_ms, (deal.number, side, deal.price, deal.size))


VENUES: Final[tuple[Callable[[], Venue], ...]] = (
    Binance, BinanceFutures, Bybit, Okx, OkxArchive, Kraken, KrakenV1, Coinbase, CoinbaseAdvanced, Bitstamp,
    BitstampStates, Hyperliquid,
)  # fmt: skip


def recording(venue: Venue, first: int, beyond: int, *, lag_ms: int = 0, missed: range = range(0)) -> str:
    """What a recorder gets that begins with update `first` and ends before another, and is away meanwhile.

    It begins with a snapshot that holds the first update; then come the others, and the trades of their time.
    """
    book = PlainBook()
    book.update(*MARKET.snapshot)
    messages = []
    for number, each in enumerate(MARKET.updates[:beyond]):
        book.update(each.bids, each.asks)
        update = each.at_ms, number, venue.update(Step(number, each.at_ms, each.bids, each.asks, book))
        if number == first:
            fetched = [update] if isinstance(venue, Binance) else []
            snapshot = venue.snapshot(Step(number, each.at_ms, *book.best(99), book))
            messages += [*fetched, (each.at_ms, number, snapshot)]
        elif number > first:
            messages.append(update)
    first_ms, last_ms = MARKET.updates[first].at_ms, MARKET.updates[beyond - 1].at_ms
    times = [each.at_ms for each in MARKET.updates]
    messages += [
        (deal.at_ms, sum(at_ms <= deal.at_ms for at_ms in times) - 1, text)
        for deal in MARKET.deals
        if first_ms <= deal.at_ms <= last_ms and (text := venue.trade(deal)) is not None
    ]
    messages = [each for each in sorted(messages, key=lambda each: each[0]) if each[1] not in missed]
    times_and_texts = ((f"{(DAY_MS + at_ms + lag_ms) * 10**6} ", text) for at_ms, _, text in messages)
    return lines(*(time + text if venue.is_received else text for time, text in times_and_texts))
