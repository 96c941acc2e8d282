"""Files in, raw records out: streaming, in bounded memory, with every fault a row and the rest of the file read.

    digest, files = observe(source, engine=Engine())      # reading.observe: one pass over the bytes
    for record in read_file(source, files_of(source), files[0]): ...   # reading.files: Raw or Unreadable

One module a format. What each takes for a record, and what for a fault, stands at its top; these hold for all:

- Text is UTF-8, or the source's `encoding`; a byte order mark at the beginning is skipped; lines end with LF or CR LF.
- A record's ordinal counts the records and faults of its file from 0; lines of white space are neither.
- A file of no bytes has no records, except that a text or Markdown file is one document, whose text is empty.
- A record longer than `max_record_bytes` is passed over without being held in memory.
- A compressed or Parquet file that ends too early, or is damaged, gives what can be read, then one fault for the rest.
"""

CODE_VERSION = "reading@1"
