"""S3 and SQS at a distance: the server of crates/distant-aws, and requests to it."""

import gzip
import http.client
import json
import os
import subprocess
import urllib.parse
import xml.etree.ElementTree

from measure import BenchError


class Distant:
    """A running server, on the given cores: a bucket `stash` from a folder, and a bucket `out` and a
    queue, which are empty."""

    def __init__(self, binary, stash, on):
        command = [str(binary), f"stash={stash}"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        os.sched_setaffinity(self._process.pid, on)
        self.url = self._process.stdout.readline().decode().strip()
        if not self.url:
            raise BenchError(f"{' '.join(command)} does not serve")
        self._connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.url).netloc)
        self._call("PUT", "/out")
        self.queue = self._sqs("CreateQueue", {"QueueName": "queue"})["QueueUrl"]
        self.statistics()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()
        # It ends with its standard input.
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def environment(self):
        """The environment of a client."""
        mine = {name: value for name, value in os.environ.items()
                if not name.startswith("AWS_") and name != "RUST_LOG"}
        return mine | {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": "us-east-1",
                       "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}

    def set_delay(self, milliseconds):
        self._call("PUT", f"/-/delay/{milliseconds}")

    def statistics(self):
        """The requests since the last call: how many by operation, and the most in flight at once."""
        return json.loads(self._call("GET", "/-/statistics"))

    def receive_all(self):
        """The messages in the queue."""
        request = {"QueueUrl": self.queue, "MaxNumberOfMessages": 10}
        while messages := self._sqs("ReceiveMessage", request)["Messages"]:
            yield from messages

    def rows(self, bucket, prefix):
        """The number of lines in all gzipped objects under a prefix, without a header in each."""
        objects = (self._call("GET", f"/{bucket}/{key}") for key in self._keys(bucket, prefix))
        return sum(gzip.decompress(content).count(b"\n") - 1 for content in objects)

    def _keys(self, bucket, prefix):
        """Keys as they stand in a listing, which is also how a path says them."""
        after, more = "", True
        while more:
            query = urllib.parse.urlencode({"list-type": 2, "prefix": prefix,
                                            "start-after": urllib.parse.unquote(after)})
            page = xml.etree.ElementTree.fromstring(self._call("GET", f"/{bucket}?{query}"))
            for key in page.iterfind("Contents/Key"):
                yield (after := key.text)
            more = page.findtext("IsTruncated") == "true"

    def _sqs(self, operation, request):
        headers = {"X-Amz-Target": f"AmazonSQS.{operation}"}
        return json.loads(self._call("POST", "/", json.dumps(request), headers))

    def _call(self, method, path, body=None, headers={}):
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise BenchError(f"{method} {path}: {answer.status} {content.decode(errors='replace')}")
        return content
