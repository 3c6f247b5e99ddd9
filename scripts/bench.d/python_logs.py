"""Python's way to read one of AWS's own logs with its standard library: objects in, one CSV.gz of text columns out.

    python_logs.py LOG FOLDER OUT
"""
import csv
import gzip
import json
import pathlib
import sys

LOG, FOLDER, OUTPUT = sys.argv[1:]
LINES = {"alb": " ", "alb-connection": " ", "nlb": " ", "elb": " ", "s3-access": " ", "cloudfront": "\t"}


def texts():
    for path in sorted(pathlib.Path(FOLDER).rglob("*")):
        if path.is_file():
            with (gzip.open if path.suffix == ".gz" else open)(path, "rt", newline="") as text:
                yield text


def events():
    for text in texts():
        if LOG == "cloudtrail":
            yield from json.load(text)["Records"]
        else:
            yield from map(json.loads, text)


def rows():
    if LOG in LINES:
        for text in texts():
            yield from csv.reader(text, delimiter=LINES[LOG], escapechar="\\")
        return
    for event in events():
        yield [value if isinstance(value, str) else json.dumps(value) for value in event.values()]


with gzip.open(OUTPUT, "wt", compresslevel=6, newline="") as output:
    csv.writer(output).writerows(rows())
