"""Lambda around one of the functions: an environment, a core, and the Runtime API
(https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html)."""

import http.server
import json
import os
import pathlib
import queue
import subprocess
import tempfile
import threading
import time

from measure import BenchError

# Lambda's longest timeout, which functions have as deployed.
TIMEOUT_SECONDS = 900


class Function:
    """A fresh environment of a function, on the given cores."""

    def __init__(self, binary, environment, on):
        self._name = pathlib.Path(binary).name
        self._begin = self._handed_out = None
        self._events = queue.SimpleQueue()
        self._answers = queue.SimpleQueue()
        self._api = Api(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._api.serve_forever, daemon=True).start()
        self._errors = tempfile.TemporaryFile()
        environment = environment | {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": self._name, "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST"}
        mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, on)
        self._begin = time.monotonic()
        self._process = subprocess.Popen([str(binary)], env=environment, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=self._errors)
        os.sched_setaffinity(0, mine)

    def invoke(self, event):
        """Hands out an event, and returns the answer and the seconds that Lambda bills for it.

        The first of a fresh environment are billed from its start.
        """
        self._events.put(event)
        while True:
            try:
                path, answer, end = self._answers.get(timeout=1)
                break
            except queue.Empty:
                self._assert_alive()
        if not path.endswith("/response"):
            raise BenchError(f"{self._name} answers {answer}")
        begin, self._begin = self._begin, None
        return answer, end - (begin or self._handed_out)

    def end(self):
        """Ends it and returns the seconds of CPU that it has taken in all."""
        self._process.kill()
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._api.shutdown()
        self._api.server_close()
        self._errors.close()
        return usage.ru_utime + usage.ru_stime

    def _assert_alive(self):
        # It stays to be waited for, by `end`.
        if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            self._errors.seek(0)
            raise BenchError(f"{self._name} has ended:\n{self._errors.read().decode(errors='replace')}")

    def _handler(function):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            # Head and body of an answer go out together.
            wbufsize = -1

            def do_GET(self):
                event = json.dumps(function._events.get()).encode()
                deadline = int((time.time() + TIMEOUT_SECONDS) * 1000)
                function._handed_out = time.monotonic()
                self._answer(200, event, {
                    "Lambda-Runtime-Aws-Request-Id": "id", "Lambda-Runtime-Deadline-Ms": deadline,
                    "Lambda-Runtime-Invoked-Function-Arn":
                        f"arn:aws:lambda:us-east-1:000000000000:function:{function._name}"})

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                end = time.monotonic()
                self._answer(202, b"", {})
                function._answers.put((self.path, json.loads(body), end))

            def _answer(self, status, body, headers):
                self.send_response(status)
                for name, value in {"Content-Length": len(body), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler


class Api(http.server.ThreadingHTTPServer):
    # A connection on which the next event was awaited stays behind.
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A function that was ended resets its connection, and one that ended itself is noticed elsewhere."""
