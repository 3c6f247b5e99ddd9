"""Passes requests on to a function's URL on the local AWS, signed as IAM wants them.

    signing_proxy.py URL

prints its own address, by which a browser or a test calls the function as if nothing had to be signed. URL is the
stack's output `ApiUrl`. The local AWS has a path for each such host name.
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.session import Session

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}

name, _, region = urlsplit(sys.argv[1]).hostname.split(".")[:3]
target = f"{os.environ['AWS_ENDPOINT_URL']}/_aws/lambda-url/{name}"
signer = SigV4Auth(Session().get_credentials(), "lambda", region)
session = URLLib3Session(verify=os.environ.get("AWS_CA_BUNDLE", True))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        try:
            self.answer()
        except BrokenPipeError:
            # A browser that needs the answer no more.
            self.close_connection = True

    def answer(self):
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        request = AWSRequest(method=self.command, url=target + self.path, headers=headers)
        signer.add_auth(request)
        answer = session.send(request.prepare())
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        if answer.status_code != 204:
            self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        if answer.status_code != 204:
            self.wfile.write(answer.content)

    do_GET = do_POST = pass_on

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
