"""The code location: one asset for every corpus version and every transformation of the workspace that the settings name."""

from __future__ import annotations

from assets.build import build
from assets.platform import Platform
from lineage_platform.settings import read_settings
from lineage_platform.wiring import load_workspace

_settings = read_settings()

defs = build(Platform(_settings, load_workspace(_settings)))
