"""DataTrove, Dolma and Data-Juicer beside ours: the same documents, the same stages, one process each, in turns.

    python -m benchmarks.peers --documents 20000 --rounds 2

Each peer is installed from PyPI into an environment of its own (`<peer>/requirements.txt`) and runs its own pipeline
(`<peer>/runner.py`); ours is the chain with full lineage. `README.md` says what is compared and what is not.
"""
