"""What an engine keeps of the events: one module for each aggregate."""
