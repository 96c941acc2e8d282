"""What the product costs on this machine: time, memory and bytes a document."""
