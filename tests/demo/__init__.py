"""`make demo`: sample firms, simulated Microsoft, web site and worker on this machine, and a walk through the move."""
