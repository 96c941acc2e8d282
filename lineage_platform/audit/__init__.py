"""The read side: trace, impact, verify; every answer carries its evidence and the gaps it cannot fill."""
