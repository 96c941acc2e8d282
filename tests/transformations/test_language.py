"""Languages: declared ones are normalised, the others detected without touching the network."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from lineage_platform.transformations.language import declared_language, languages

ENGLISH = "The committee will meet on Thursday to discuss the annual report and its recommendations."
CHINESE = "国务院总理主持召开会议，研究部署进一步做好教育和就业工作。"
GERMAN = "Der Ausschuss wird am Donnerstag zusammentreten, um über den Jahresbericht zu beraten."
JAPANESE = "委員会は木曜日に会合を開き、年次報告について議論する予定です。"


def detect(text: str, han_fraction: float = 0.0, declared: str | None = None) -> tuple[str, float | None]:
    codes, scores = languages(
        pa.array([text], pa.large_string()),
        pa.array([declared], pa.string()),
        pa.array([han_fraction], pa.float32()),
    )
    return codes[0].as_py(), scores[0].as_py()


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en"),
        ("EN-gb", "en"),
        ("zh-Hans", "zh"),
        ("zh_CN", "zh"),
        ("zho", "zh"),
        ("chi", "zh"),
        ("cmn-Hant-TW", "zh"),
        ("yue-HK", "yue"),
        (" de ", "de"),
        ("eng", "en"),
        ("und", None),
        ("python", None),
        ("English", None),
        ("c++", None),
        ("php", None),
        ("x", None),
        ("", None),
        (None, None),
    ],
)
def test_declared_language(tag: str | None, code: str | None) -> None:
    assert declared_language(tag) == code


@pytest.mark.parametrize(
    ("text", "han", "code"),
    [(ENGLISH, 0.0, "en"), (GERMAN, 0.0, "de"), (CHINESE, 0.9, "zh"), (JAPANESE, 0.4, "ja")],
)
def test_detected_language(text: str, han: float, code: str) -> None:
    got, score = detect(text, han)
    assert got == code
    assert score is not None
    assert 0.5 < score <= 1


def test_declared_wins_and_has_no_score() -> None:
    assert detect(ENGLISH, declared="zh-Hans") == ("zh", None)


def test_declared_nonsense_is_detected() -> None:
    assert detect(ENGLISH, declared="python")[0] == "en"


def test_mostly_han_with_kana_is_left_to_the_model() -> None:
    assert detect("東京特許許可局の許可", 0.8)[0] == "ja"
    assert detect("床前明月光，疑是地上霜", 0.9) == ("zh", pytest.approx(0.9))


def test_capitals_do_not_confuse() -> None:
    assert detect(ENGLISH.upper())[0] == "en"


@pytest.mark.parametrize("text", ["", "1234 — 5678", "…", "   \n", "#### 12.5 %"])
def test_without_letters_there_is_no_language(text: str) -> None:
    assert detect(text) == ("und", 0.0)


def test_a_weak_guess_is_no_answer() -> None:
    code, score = detect("x")
    assert code == "und"
    assert score is not None
    assert 0 < score < 0.2


def test_rows_keep_their_place() -> None:
    codes, scores = languages(
        pa.array([GERMAN, ENGLISH, CHINESE], pa.large_string()),
        pa.array([None, "fr", None], pa.string()),
        pa.array([0.0, 0.0, 0.9], pa.float32()),
    )
    assert codes.to_pylist() == ["de", "fr", "zh"]
    assert [score.is_valid for score in scores] == [True, False, True]


def test_detection_opens_no_socket() -> None:
    program = f"""
import socket
def refuse(*_a, **_k):
    raise SystemExit("a socket was opened")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refuse
import pyarrow as pa
from lineage_platform.transformations.language import languages
codes, _ = languages(pa.array([{ENGLISH!r}], pa.large_string()), pa.array([None], pa.string()), pa.array([0.0], pa.float32()))
assert codes.to_pylist() == ["en"]
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
