from __future__ import annotations

from tests.files.fixtures import s3_server as s3_server
