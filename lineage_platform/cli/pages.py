"""Dagster's webserver seen from the command line: is it up, did the code load, load it again."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

_LOADED = "query { workspaceOrError { ... on Workspace { locationEntries { name locationOrLoadError { ...Error } } } } }"
_RELOAD = (
    "mutation Reload($name: String!) { reloadRepositoryLocation(repositoryLocationName: $name) { __typename "
    "... on WorkspaceLocationEntry { name locationOrLoadError { ...Error } } ... on ReloadNotSupported { message } } }"
)
_ERROR = " fragment Error on RepositoryLocationOrLoadError { __typename ... on PythonError { message } }"
_ANSWER_SECONDS = 10
_LOAD_SECONDS = 120


@dataclass(frozen=True)
class Pages:
    """The webserver at an address of this machine; no proxy is used."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """What to open in a browser."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def are_up(self) -> bool:
        """Whether the webserver answers."""
        try:
            return bool(self._ask("GET", "/server_info", None, _ANSWER_SECONDS))
        except (OSError, ValueError):
            return False

    def load_errors(self) -> dict[str, str]:
        """Code locations that did not load, with the reason. Raises OSError, ValueError when Dagster cannot say."""
        found = self._query(_LOADED, {})["workspaceOrError"].get("locationEntries", ())
        return {entry["name"]: message for entry in found if (message := _message(entry)) is not None}

    def reload(self, location: str) -> str | None:
        """Load a code location again; None, or the reason why it did not load."""
        answer = self._query(_RELOAD, {"name": location})["reloadRepositoryLocation"]
        return _message(answer) if "name" in answer else str(answer.get("message", answer["__typename"]))

    def _query(self, text: str, variables: dict[str, str]) -> dict[str, Any]:
        body = json.dumps({"query": text + _ERROR, "variables": variables})
        answer = self._ask("POST", "/graphql", body, _LOAD_SECONDS)
        if answer.get("errors"):
            raise ValueError(str(answer["errors"][0].get("message")))
        data: dict[str, Any] = answer["data"]
        return data

    def _ask(self, method: str, path: str, body: str | None, seconds: float) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            content = answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise ValueError(f"{path}: status {answer.status}")
        value: dict[str, Any] = json.loads(content)
        return value


def _message(entry: dict[str, Any]) -> str | None:
    outcome = entry["locationOrLoadError"] or {}
    return outcome.get("message", "").strip() or None if outcome.get("__typename") == "PythonError" else None
