"""The parts of a dataset put into one order of time, each event once."""
