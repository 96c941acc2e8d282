"""Measures of a document's text, computed by numba over Arrow string buffers: no Python object per document.

    from lineage_platform.transformations.measures.measure import measure

    measure(pa.array(["To be, or not to be"], pa.large_string()), ((5, 14, 8),))    # a record batch, a row a text

`words` cuts text into words, lines and paragraphs and counts what the quality rules ask for; `repetition` finds what
occurs more than once; `minhash` makes band keys. Every measure is a column of `model.tables.MEASURES`; what each means
exactly is in the docstring of the module that computes it.
"""
