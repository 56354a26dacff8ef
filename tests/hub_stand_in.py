"""A stand-in for the Hub on loopback: what `load_dataset`, `from_pretrained` and `HfFileSystem` ask for.

    with serve_hub(datasets={"me/ner": {"main": {"train.jsonl": b"..."}}}) as hub:
        run(..., env={"HF_ENDPOINT": hub.endpoint})

`HF_ENDPOINT` is read when `huggingface_hub` is imported: point a fresh process at the stand-in.
"""

import base64
import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

GOOD_TOKEN = "hf_good_token"
"""The only token that opens a gated repository."""

Files = Mapping[str, bytes]
Repositories = Mapping[str, MutableMapping[str, Files]]
"""Repository name -> revision -> path -> content."""

API = re.compile(r"/api/(models|datasets)/(?P<rest>.+)")
API_VERB = re.compile(
    r"(?P<repo>.+?)/(?P<verb>revision|tree|paths-info|preupload|commit)/(?P<revision>[^/]+)(?:/(?P<path>.*))?"
)
RESOLVE = re.compile(r"/(?P<kind>datasets/)?(?P<repo>.+?)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass
class Hub:
    """What the stand-in serves, and what it has been asked for."""

    repositories: dict[str, Repositories]
    gated: Collection[str]
    moved: Mapping[str, str]
    endpoint: str = ""
    requests: list[str] = field(default_factory=list)
    """`METHOD /path`, percent signs decoded, in the order of arrival."""


@contextmanager
def serve_hub(
    datasets: Repositories | None = None,
    models: Repositories | None = None,
    *,
    gated: Collection[str] = (),
    moved: Mapping[str, str] | None = None,
) -> Iterator[Hub]:
    """Serve repositories on 127.0.0.1 until the block ends; gives the `Hub` with its `endpoint` and `requests`.

    `gated` repositories open with `GOOD_TOKEN` only; `moved` names redirect to their new name, as `conll2003` does.
    """
    hub = Hub({"datasets": datasets or {}, "models": models or {}}, gated, moved or {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("HubHandler", (HubHandler,), {"hub": hub}))
    server.daemon_threads = True
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def name_commit(repo: str, revision: str) -> str:
    """Give the commit that stands for a revision of a repository."""
    return name_object(f"{repo}@{revision}".encode())


def name_object(content: bytes) -> str:
    """Give 40 hex digits for a content, as git names things."""
    return hashlib.sha1(content).hexdigest()


class HubHandler(BaseHTTPRequestHandler):
    """Answers as the Hub does, error codes included: the client tells its errors apart by `X-Error-Code`."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a download, a listing or a question about a repository."""
        split = urlsplit(self.path)
        self.hub.requests.append(f"{self.command} {unquote(split.path)}")
        if api := API.fullmatch(split.path):
            self.answer_api(api[1], api["rest"], recursive=parse_qs(split.query).get("recursive") == ["true"])
        elif file := RESOLVE.fullmatch(split.path):
            kind = "datasets" if file["kind"] else "models"
            self.answer_file(kind, file["repo"], unquote(file["revision"]), unquote(file["path"]))
        else:
            self.refuse(404, "EntryNotFound")

    do_HEAD = do_GET  # noqa: N815
    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test output clean; `hub.requests` holds what was asked for."""

    def answer_api(self, kind: str, rest: str, *, recursive: bool) -> None:
        """Answer `/api/{kind}/{repo}`, `.../revision/{rev}`, `.../tree/{rev}/{folder}` or `.../paths-info/{rev}`."""
        parts = API_VERB.fullmatch(rest)
        repo, verb = (parts["repo"], parts["verb"]) if parts else (rest, "revision")
        # The body has to be read in any case: what is left of it would be taken for the next request.
        body = self.read_body()
        found = self.find_revision(
            kind, repo, unquote(parts["revision"]) if parts else "main", gate=verb != "revision"
        )
        if found is None:
            return
        commit, files = found
        if verb == "revision":
            siblings = [{"rfilename": path} for path in files]
            self.send_json(
                {"id": repo, "sha": commit, "gated": repo in self.hub.gated, "siblings": siblings, "tags": []}
            )
        elif verb == "paths-info":
            wanted = parse_qs(body.decode()).get("paths", [])
            self.send_json([entry for entry in list_entries(files) if entry["path"] in wanted])
        elif verb == "preupload":
            paths = [file["path"] for file in json.loads(body)["files"]]
            self.send_json(
                {"files": [{"path": path, "uploadMode": "regular", "shouldIgnore": False} for path in paths]}
            )
        elif verb == "commit":
            self.hub.repositories[kind][repo][unquote(parts["revision"])] = apply_commit(files, body)
            self.send_json({"commitUrl": f"{self.hub.endpoint}/{kind}/{repo}/commit/{commit}", "commitOid": commit})
        else:
            folder = unquote(parts["path"] or "")
            entries = list_entries(files, folder, recursive=recursive)
            self.send_json(entries) if entries or not folder else self.refuse(404, "EntryNotFound", commit)

    def read_body(self) -> bytes:
        """Read what was sent, also piece by piece, as a client sends a commit that it makes on the way."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer_file(self, kind: str, repo: str, revision: str, path: str) -> None:
        """Answer `/{repo}/resolve/{rev}/{path}`: the whole file or the range asked for."""
        found = self.find_revision(kind, repo, revision, gate=True)
        if found is None:
            return
        commit, files = found
        if path not in files:
            self.refuse(404, "EntryNotFound", commit)
            return
        content, status, headers = files[path], 200, {}
        if asked := RANGE.fullmatch(self.headers.get("Range", "")):
            first, last = int(asked[1]), min(int(asked[2] or len(content)), len(content) - 1)
            status, headers = 206, {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
            content = content[first : last + 1]
        headers |= {"ETag": f'"{hashlib.sha256(files[path]).hexdigest()}"', "X-Repo-Commit": commit}
        self.send(status, content, headers | {"Accept-Ranges": "bytes"})

    def find_revision(self, kind: str, repo: str, revision: str, *, gate: bool) -> tuple[str, Files] | None:
        """Give the commit and files of a revision (a name or a commit); None when the request has been answered."""
        if repo in self.hub.moved:
            self.send(307, b"", {"Location": self.path.replace(f"/{repo}", f"/{self.hub.moved[repo]}", 1)})
            return None
        if repo not in self.hub.repositories[kind]:
            self.refuse(401, "RepoNotFound")  # 401, not 404: the Hub does not tell missing from private
            return None
        if gate and repo in self.hub.gated and self.headers.get("Authorization") != f"Bearer {GOOD_TOKEN}":
            self.refuse(403 if "Authorization" in self.headers else 401, "GatedRepo")
            return None
        for name, files in self.hub.repositories[kind][repo].items():
            commit = name_commit(repo, name)
            if revision in (name, commit):
                return commit, files
        self.refuse(404, "RevisionNotFound")
        return None

    def refuse(self, status: int, code: str, commit: str | None = None) -> None:
        """Send an error as the Hub words it."""
        headers = {"X-Error-Code": code, "X-Error-Message": code} | ({"X-Repo-Commit": commit} if commit else {})
        self.send(status, json.dumps({"error": code}).encode(), headers)

    def send_json(self, answer: object) -> None:
        """Send an answer of the API."""
        self.send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        """Send the head and, unless it was a HEAD request, the content."""
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def apply_commit(files: Files, body: bytes) -> Files:
    """Give the files behind a commit, whose body has an operation a line."""
    changed = dict(files)
    for line in body.splitlines():
        operation = json.loads(line)
        value = operation["value"]
        if operation["key"] == "file":
            changed[value["path"]] = base64.b64decode(value["content"])
        elif operation["key"] != "header":
            raise NotImplementedError(operation["key"])
    return changed


def list_entries(files: Files, folder: str = "", *, recursive: bool = True) -> list[dict[str, object]]:
    """List the files and folders below `folder` in the shape of the tree endpoint; one level unless `recursive`."""
    prefix = f"{folder}/" if folder else ""
    entries: dict[str, dict[str, object]] = {}
    for path, content in files.items():
        if not path.startswith(prefix):
            continue
        parents = path[len(prefix) :].split("/")[:-1]
        for depth in range(1, len(parents) + 1):
            name = prefix + "/".join(parents[:depth])
            entries[name] = {
                "type": "directory",
                "oid": hashlib.sha1(name.encode()).hexdigest(),
                "size": 0,
                "path": name,
            }
        oid = hashlib.sha1(content).hexdigest()
        entries[path] = {"type": "file", "oid": oid, "size": len(content), "path": path}
    return [entry for name, entry in entries.items() if recursive or "/" not in name[len(prefix) :]]
