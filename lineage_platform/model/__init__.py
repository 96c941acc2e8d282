"""The frozen words of the house: keys, terms, decisions, versions, and the Arrow schema of every table we keep. No I/O."""
