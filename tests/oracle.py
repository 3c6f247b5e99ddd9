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
NUMBERS = set("version srcport dstport protocol packets bytes start end".split())
# Those that have 32 bits. The others have 64.
INTS = set("version srcport dstport".split())
HEADER = ",".join(["timestamp", *FIELDS])

MAX_LAYERS = 3
MAX_DEPTH = 128
MAX_MESSAGE = 2 * 1024 * 1024
MAX_SPACE = 4096

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


STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
BAD = object()


class Reader:
    """Takes JSON apart into (kind, value, text as written). A string that cannot be decoded is BAD."""

    def __init__(self, text, at):
        self.text, self.at = text, at

    def peek(self):
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
            self.at += 1
        if self.at == len(self.text):
            raise Failed("cut-json")
        return self.text[self.at]

    def take(self, character):
        if self.peek() != character:
            raise Failed("malformed-json")
        self.at += 1

    def value(self):
        first, begin = self.peek(), self.at
        if first == "{":
            kind, value = "object", self.members("}", self.pair)
        elif first == "[":
            kind, value = "array", self.members("]", self.value)
        elif first == '"':
            kind, value = "text", self.string()
        elif number := NUMBER.match(self.text, self.at):
            kind, value = "number", number[0]
            self.at = number.end()
        else:
            word = next((w for w in ("true", "false", "null") if self.text.startswith(w, self.at)), None)
            if word is None:
                rest = self.text[self.at :]
                is_cut = rest == "-" or any(w.startswith(rest) for w in ("true", "false", "null"))
                raise Failed("cut-json" if is_cut else "malformed-json")
            kind, value = "word", word
            self.at += len(word)
        return kind, value, self.text[begin : self.at]

    def members(self, close, member):
        members = []
        self.at += 1
        if self.peek() == close:
            self.at += 1
            return members
        while True:
            members.append(member())
            if self.peek() == close:
                self.at += 1
                return members
            self.take(",")

    def pair(self):
        if self.peek() != '"':
            raise Failed("malformed-json")
        key = self.string()
        self.take(":")
        return key, self.value()

    def string(self):
        written = STRING.match(self.text, self.at)
        if written is None:
            raise Failed("cut-json")
        self.at = written.end()
        try:
            decoded = json.loads(written[0])
            decoded.encode()
        except ValueError:
            return BAD
        return decoded


def documents(text):
    check_depth(text)
    reader = Reader(text, 1 if text.startswith("\ufeff") else 0)
    in_array = any_yet = False
    while True:
        try:
            first = reader.peek()
        except Failed:
            if in_array:
                raise
            return
        if first == "{":
            any_yet = True
            yield reader.value()
        elif first == "[" and not in_array or first == "]" and in_array:
            in_array = not in_array
            reader.at += 1
        elif first == "," and any_yet:
            reader.at += 1
        else:
            raise Failed("malformed-json")


def has_bad_text(node):
    kind, value, _ = node
    if kind == "object":
        return any(key is BAD or has_bad_text(inner) for key, inner in value)
    if kind == "array":
        return any(map(has_bad_text, value))
    return value is BAD


def event_of(element):
    """The timestamp and message of an element of logEvents, and why it is no event."""
    kind, members, written = element
    if kind != "object":
        return "", written, "event"
    timestamp, message, reason, seen = "", None, None, set()
    for key, (kind, value, text) in members:
        if key is BAD:
            reason = reason or "escape"
        elif key in ("id", "timestamp", "message", "extractedFields"):
            if key in seen:
                reason = reason or "event"
            seen.add(key)
        if key == "timestamp" and kind in ("number", "text") and value is not BAD:
            timestamp += value
        if key == "message" and kind == "text" and value is not BAD:
            message = value
            if len(message.encode()) > MAX_MESSAGE:
                raise Failed("message-too-long")
        elif key == "message" and kind != "text":
            reason = reason or "message"
        if has_bad_text((kind, value, text)):
            reason = reason or "escape"
    if not {"timestamp", "message"} <= seen:
        reason = reason or "event"
    return timestamp, written if reason else message, reason


def events_of(document):
    """Whether a document carries data, its events, and where they come from. `None` if it is no
    envelope."""
    _, members, _ = document
    found = {key: (kind, value) for key, (kind, value, _) in members if key is not BAD}
    kind, message_type = found.get("messageType", (None, None))
    has_events, events = found.get("logEvents", (None, None))
    if kind != "text" or has_events != "array":
        return None
    if any(key is BAD or key != "logEvents" and has_bad_text(value) for key, value in members):
        raise Failed("not-an-envelope")
    names = {"log_group": "logGroup", "log_stream": "logStream"}
    origin = {name: found[key][1] for name, key in names.items() if found.get(key, ("",))[0] == "text"}
    origin = {name: value for name, value in origin.items() if value}
    return message_type == "DATA_MESSAGE", [event_of(event) for event in events], origin


def milliseconds(timestamp):
    """A timestamp as CloudWatch Logs writes it: an integer, possibly in another notation."""
    try:
        return int(timestamp) if NUMBER.fullmatch(timestamp) else None
    except ValueError:
        return int(float(timestamp) // 1)


def why_rejected(timestamp, fields):
    when = milliseconds(timestamp)
    if when is None or not FIRST_TIME <= when <= LAST_TIME:
        return "timestamp", None
    if any(set(field) & set(',"\\\r\n') for field in fields):
        return "character", None
    if len(fields) != len(FIELDS):
        return "field-count", str(len(fields))
    for name, field in zip(FIELDS, fields):
        if name in NUMBERS and field != "-":
            bits = 32 if name in INTS else 64
            if not re.fullmatch("[0-9]+", field, re.ASCII) or int(field) >= 2 ** (bits - 1):
                return "field-type", name
    return None, None


def time(milliseconds):
    when = EPOCH + datetime.timedelta(milliseconds=milliseconds)
    return when.isoformat(timespec="milliseconds").rjust(23, "0") + "Z"


def is_json(text):
    """Whether the first characters are those of JSON documents. All other text is lines."""
    begin = text.removeprefix("\ufeff").lstrip(" \t\r\n\f\v")
    if len(text) - len(begin) >= MAX_SPACE:
        return True
    for bracket, after in ("{", '"}'), ("[", "{]"):
        if begin.startswith(bracket):
            rest = begin[1:].lstrip()
            return not rest or rest[0] in after
    return not begin


def rewrite(key, data):
    """What has to come of one object."""
    text = text_of(data)
    if not is_json(text):
        # There are no records without an envelope in these stashes.
        raise Failed("nothing-readable")
    rows, rejected, events, control, strays = [HEADER], [], 0, 0, 0
    for document in documents(text):
        envelope = events_of(document)
        if envelope is None:
            events += 1
            strays += 1
            line = {"source": key, "reason": "document", "timestamp": "", "message": document[2]}
            rejected.append(line)
            continue
        is_data, found, origin = envelope
        events += len(found)
        if not is_data:
            control += len(found)
            continue
        for timestamp, message, reason in found:
            fields, detail = [field for field in message.split(" ") if field], None
            if reason is None:
                reason, detail = why_rejected(timestamp, fields)
            if reason is None:
                rows.append(",".join([time(milliseconds(timestamp)), *fields]))
            else:
                line = {"source": key, "reason": reason, **({"detail": detail} if detail else {}), **origin}
                is_number = NUMBER.fullmatch(timestamp)
                line["timestamp"] = json.loads(timestamp) if is_number else timestamp
                rejected.append({**line, "message": message})
    if strays and strays == events:
        raise Failed("nothing-readable")
    counts = {
        "events": events,
        "written": len(rows) - 1,
        "rejected": len(rejected),
        "control": control,
        "filtered": 0,
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
