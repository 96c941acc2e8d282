"""Great Expectations suites, one file a table, and `check`, which runs a table's suites and returns check results.

    results = documents.check(frames, snapshot=3, known_terms={...}, statistics=statistics, malformed_threshold=0.05)

`suite` is the pure definition for rows; where a table has one, `statistics_suite` is that for its counts, checked as one
row. Frames hold the narrow columns named in `COLUMNS`, never text, one a file; what one expectation finds in all of them
is one result. Great Expectations takes seconds to import: nothing here does so before something is checked.
"""

VERSION = "1"
"""Of all suites: a changed expectation is a new version, and what was checked by the old one is checked again."""
