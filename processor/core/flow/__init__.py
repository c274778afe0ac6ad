"""Order flow from trades alone: what was traded at each price of each bar and session, and what follows from it."""
