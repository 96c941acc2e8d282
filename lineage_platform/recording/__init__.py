"""The write side: start a run, commit its version, or fail it; every change of state is one transaction."""
