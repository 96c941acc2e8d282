"""Immutable files under their digest."""
