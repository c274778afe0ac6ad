"""What the project claims about speed, measured beside its yardsticks in one run: `make bench`."""
