"""From what people declare to terms: licence resolution and the consent vocabulary. Pure."""
