"""The straightforward way in Python: gzip, json, csv.

    pipeline.py IN OUT
"""

import csv
import datetime
import gzip
import json
import sys

FIELDS = ("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
          "start end action log-status").split()


def documents(text):
    decoder = json.JSONDecoder()
    at = 0
    while at < len(text):
        document, at = decoder.raw_decode(text, at)
        yield document


def main(source, output):
    with gzip.open(source, "rt", encoding="utf-8") as stash:
        text = stash.read()
    with gzip.open(output, "wt", compresslevel=6, encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["timestamp", *FIELDS])
        for document in documents(text):
            for event in document["logEvents"]:
                moment = datetime.datetime.fromtimestamp(event["timestamp"] / 1000, datetime.timezone.utc)
                timestamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                rows.writerow([timestamp, *event["message"].split(" ")])


main(*sys.argv[1:])
