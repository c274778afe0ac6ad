"""The pure part: events as columns, the order book, the aggregates, and the engine that feeds them."""
