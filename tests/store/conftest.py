from __future__ import annotations

from tests.files.fixtures import bucket as bucket
from tests.files.fixtures import s3 as s3
from tests.files.fixtures import s3_server as s3_server
