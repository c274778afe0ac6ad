"""The Dash application and what it serves: the page, its differences, commands, health and figures."""
