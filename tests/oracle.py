"""What rehose has to make of a stash, worked out a second time.

    oracle.py SOURCE OUTPUT

Reads every file below the folder SOURCE whole, takes it apart with Python's own zlib and json, and
writes to the file OUTPUT, as JSON, the rows, the rejected events and the counts for each key, and
the reason for each object that has to fail. It shares no code and no method with rehose: nothing
here streams, and nothing is fast.
"""

import datetime
import json
import os
import re
import sys
import zlib

FIELDS = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log-status"
).split()
HEADER = ",".join(["timestamp", *FIELDS])

MAX_LAYERS = 3
MAX_DEPTH = 128
MAX_MESSAGE = 2 * 1024 * 1024

MAGIC = b"\x1f\x8b"
SPACE = b" \t\r\n"

EPOCH = datetime.datetime(1970, 1, 1)
FIRST_TIME = -62_135_596_800_000
LAST_TIME = 253_402_300_799_999


class Failed(Exception):
    """The object has to fail, for this reason."""


def gunzip(data):
    """The content of gzip members that follow one another."""
    content = []
    while data:
        if not data.startswith(MAGIC):
            if MAGIC.startswith(data):
                raise Failed("truncated-gzip")
            raise Failed("trailing-bytes")
        member = zlib.decompressobj(wbits=31)
        try:
            content.append(member.decompress(data))
        except zlib.error as error:
            if "incorrect data check" in str(error):
                raise Failed("wrong-crc")
            if "incorrect length check" in str(error):
                raise Failed("wrong-length")
            raise Failed("corrupt-gzip")
        if not member.eof:
            raise Failed("truncated-gzip")
        data = member.unused_data.lstrip(SPACE + b"\0")
    return b"".join(content)


def text_of(data):
    layers = 0
    while data.lstrip(SPACE).startswith(MAGIC):
        if layers == MAX_LAYERS:
            raise Failed("too-many-layers")
        data = gunzip(data.lstrip(SPACE))
        layers += 1
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Failed("invalid-utf8")


def check_depth(text):
    """Counts brackets outside strings, because Python's parser would end in a stack overflow."""
    depth = 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text, re.DOTALL):
        if token[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Failed("too-deep")
        elif token[0] in "]}":
            depth -= 1


def documents(text):
    check_depth(text)

    def no_constant(name):
        raise json.JSONDecodeError(f"{name} is no JSON", text, 0)

    decoder = json.JSONDecoder(parse_constant=no_constant)
    at = 0
    while True:
        while at < len(text) and text[at] in " \t\r\n":
            at += 1
        if at == len(text):
            return
        if text[at] != "{":
            raise Failed("malformed-json")
        try:
            document, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            is_cut = error.pos >= len(text) or error.msg.startswith("Unterminated string")
            raise Failed("cut-json" if is_cut else "malformed-json")
        yield document


def events_of(document):
    """Whether a document carries data, and its events."""
    try:
        events = [(event["timestamp"], event["message"]) for event in document["logEvents"]]
        is_data = document["messageType"] == "DATA_MESSAGE"
    except (TypeError, KeyError):
        raise Failed("not-an-envelope")
    for timestamp, message in events:
        if type(timestamp) is not int or type(message) is not str:
            raise Failed("not-an-envelope")
        if len(message.encode()) > MAX_MESSAGE:
            raise Failed("message-too-long")
    return is_data, events


def why_rejected(timestamp, fields):
    if not FIRST_TIME <= timestamp <= LAST_TIME:
        return "timestamp"
    if any(set(field) & set(',"\\\r\n') for field in fields):
        return "character"
    if len(fields) != len(FIELDS):
        return "field-count"
    return None


def time(milliseconds):
    when = EPOCH + datetime.timedelta(milliseconds=milliseconds)
    return when.isoformat(timespec="milliseconds").rjust(23, "0") + "Z"


def rewrite(key, data):
    """What has to come of one object."""
    rows, rejected, events, control = [HEADER], [], 0, 0
    for document in documents(text_of(data)):
        is_data, found = events_of(document)
        events += len(found)
        if not is_data:
            control += len(found)
            continue
        for timestamp, message in found:
            fields = [field for field in message.split(" ") if field]
            reason = why_rejected(timestamp, fields)
            if reason is None:
                rows.append(",".join([time(timestamp), *fields]))
            else:
                event = {"timestamp": timestamp, "message": message}
                rejected.append({"source": key, "reason": reason, **event})
    counts = {
        "events": events,
        "written": len(rows) - 1,
        "rejected": len(rejected),
        "control": control,
    }
    return {"rows": rows, "rejected": rejected, "counts": counts}


def main(source, output):
    done, failed = {}, {}
    for folder, _, names in os.walk(source):
        for name in names:
            path = os.path.join(folder, name)
            key = os.path.relpath(path, source)
            with open(path, "rb") as file:
                data = file.read()
            try:
                done[key] = rewrite(key, data)
            except Failed as failure:
                failed[key] = str(failure)
    with open(output, "w", encoding="utf-8") as file:
        json.dump({"done": done, "failed": failed}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
