"""A workspace of plain YAML read into the frozen words of the model, with errors that name file, line and field."""
