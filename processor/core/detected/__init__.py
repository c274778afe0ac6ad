"""What can be seen in the events and named: sweeps, absorption, walls, divergences and large orders."""
