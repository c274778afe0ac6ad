"""Shows in a browser what the processor publishes."""
