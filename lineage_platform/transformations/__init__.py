"""Documents in, documents or annotations and decisions out.

A transformation is a pure function over Arrow data. It is cut into *tasks*, each of which reads named files, streams
record batches through a kernel, writes its own parts and returns their digests and counts. The engine runs the tasks of
a transformation: Daft's local engine, or its Ray runner. A task's output depends on the task alone, so neither the
engine, nor the number of workers, nor a second attempt changes a byte.
"""
