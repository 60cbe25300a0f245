"""The parties of a measurement: `viva serve`, llama-server, and what the kernel tells of their processes."""

import contextlib
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

TOKEN = "bench-token-of-thirty-two-characters-or-more"
PATIENCE = 180
# Between two looks at whether a server is ready: the same for both sides.
LOOK = 0.004
CONFIG = """
[sessions]
quota = 1000
active_quota = 100
default_seconds = 7200
"""


class Failed(Exception):
    """A row cannot be measured; the message says why."""


class Http:
    """One kept-alive connection."""

    def __init__(self, url, token=None):
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method, path, body=None, headers=None):
        """Status and text of the answer."""
        if self.connection.sock is None:
            self.connection.connect()
            self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = None if body is None else json.dumps(body)
        headers = {**self.headers, **(headers or {}), **({"Content-Type": "application/json"} if data else {})}
        try:
            self.connection.request(method, path, data, headers)
            response = self.connection.getresponse()
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise


class Child:
    """A process that is ended with its end, and its log."""

    def __init__(self, command, log, env=None, stdout=None):
        self.log = open(log, "ab")
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=stdout or self.log, stderr=self.log,
            env=env)

    def end(self, patience=20):
        """SIGTERM, then SIGKILL."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()
        self.log.close()

    def kill(self):
        self.process.kill()
        self.process.wait()

    @contextlib.contextmanager
    def halted(self):
        """Takes the processor from it for a while: what it goes on computing must not slow what is measured."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


class Viva:
    """A server on a folder of its own. Its sessions end with it."""

    def __init__(self, program, work):
        self.program = Path(program).resolve()
        self.folder = Path(tempfile.mkdtemp(prefix="viva-", dir=work))
        (self.folder / "bench.toml").write_text(CONFIG)
        self.data = self.folder / "data"
        self.child = None
        self.start()

    def start(self):
        """Starts the server and returns once it says that it is ready."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("VIVA_")}
        env["VIVA_TOKEN"] = TOKEN
        command = [self.program, "serve", "--listen", "127.0.0.1:0", "--data", self.data, "--config",
                   self.folder / "bench.toml"]
        self.child = Child(command, self.folder / "server.log", env, subprocess.PIPE)
        readable, _, _ = select.select([self.child.process.stdout], [], [], PATIENCE)
        line = self.child.process.stdout.readline().decode() if readable else ""
        found = re.search(r"http://[0-9.:]+", line)
        if not found:
            raise Failed(f"viva serve did not start: {(self.folder / 'server.log').read_text()[-400:]}")
        self.url = found.group()
        self.http = Http(self.url, TOKEN)

    def ask(self, method, path, body=None, expect=(200, 201, 202, 204), headers=None):
        status, text = self.http.ask(method, path, body, headers)
        if status not in expect:
            raise Failed(f"{method} {path}: {status}: {text[:300]}")
        return json.loads(text) if text else None

    def add_model(self, file, name):
        query = urlencode({"path": str(file), "name": name, "learning_stage": "instruction_tuned"})
        return self.ask("POST", f"/api/v1/models?{query}")["id"]

    def create(self, model, **engine):
        return self.ask("POST", "/api/v1/sessions", {"model": model, "engine": engine or None})["id"]

    def wait(self, session, status, look=LOOK):
        until = time.monotonic() + PATIENCE
        while True:
            seen = self.ask("GET", f"/api/v1/sessions/{session}")
            if seen["status"] == status:
                return seen
            if seen["status"] in ("failed", "stopped") or time.monotonic() > until:
                raise Failed(f"the session is {seen['status']}, not {status}: {seen['reason']}")
            time.sleep(look)

    def running(self, model, **engine):
        session = self.create(model, **engine)
        self.wait(session, "running")
        return session

    def endpoint(self, session):
        """Where a session is asked: base address, token, model."""
        endpoint = self.ask("GET", f"/api/v1/sessions/{session}/endpoint")
        return endpoint["base_url"], endpoint["token"], session

    def delete(self, session):
        self.ask("DELETE", f"/api/v1/sessions/{session}?confirm=delete")

    def kill(self):
        self.child.kill()

    def end(self):
        """Deletes the sessions, ends the server, removes its folder."""
        try:
            if self.child.process.poll() is None:
                for session in self.ask("GET", "/api/v1/sessions?limit=200")["items"]:
                    self.delete(session["id"])
        except (Failed, OSError, http.client.HTTPException) as error:
            print(f"  (the sessions were not deleted: {error})", flush=True)
        self.child.end()
        for pid in processes(str(self.data)):
            os.kill(pid, 9)
        shutil.rmtree(self.folder, ignore_errors=True)


class Listening:
    """A server of one model on a free port, straight to it."""

    def __init__(self, name, work):
        self.name = name
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = Path(work) / f"{name}.log"
        self.child = None

    def wait(self):
        """Until it is healthy."""
        until = time.monotonic() + PATIENCE
        while self.child.process.poll() is None and time.monotonic() < until:
            try:
                if Http(self.url).ask("GET", "/health")[0] == 200:
                    return self
            except OSError:
                pass
            time.sleep(LOOK)
        self.end()
        raise Failed(f"{self.name} did not become healthy: {self.log.read_text(errors='replace')[-400:]}")

    def endpoint(self):
        return f"{self.url}/v1", "none", "any"

    def end(self):
        self.child.end()


class LlamaServer(Listening):
    def __init__(self, program, work, model, parallel, context):
        super().__init__("llama-server", work)
        command = [program, "-m", model, "--host", "127.0.0.1", "--port", self.port, "-np", parallel, "-c", context,
                   "-t", os.cpu_count()]
        self.child = Child(command, self.log)


class Engine(Listening):
    """`viva engine` alone, which the gateway asks otherwise. `context` is a sequence's."""

    def __init__(self, program, work, model, parallel, context):
        super().__init__("engine", work)
        command = [Path(program).resolve(), "engine", "--model", model, "--listen", f"127.0.0.1:{self.port}",
                   "--parallel", parallel, "--context", context]
        self.child = Child(command, self.log)


def processes(needle):
    """Ids of the processes whose command line names this."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if needle.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass
    return found


def memory(pid, name):
    """A figure of /proc/PID/smaps_rollup in bytes: Pss, Rss, Pss_Anon …; nothing once the process is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found.group(1)) * 1024 if found else 0


