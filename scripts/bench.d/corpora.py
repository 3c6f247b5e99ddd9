"""What is measured on: flow logs of `rehose sample`, always the same."""

import gzip
import itertools
import pathlib
import shutil

from measure import BenchError, call

SEED = 2020


class Corpus:
    """A stash of some objects with the same number of events in each."""

    def __init__(self, folder, events):
        self.folder = folder
        self.events = events
        self.objects = sorted(path for path in folder.rglob("*") if path.is_file())
        self.decoded = sum(decoded_size(path) for path in self.objects)
        self.stashed = sum(path.stat().st_size for path in self.objects)

    @property
    def only(self):
        if len(self.objects) != 1:
            raise BenchError(f"{self.folder} holds {len(self.objects)} objects, not 1")
        return self.objects[0]


class Corpora:
    """Makes stashes in a folder."""

    def __init__(self, rehose, folder):
        self.rehose = str(rehose)
        self.folder = folder

    def members(self, name, size, objects=1, profile="small"):
        """Objects of gzip members, whose documents are `size` bytes long in all, to two percent."""
        events = max(1, size // objects // 220)
        for attempt in itertools.count():
            # One that does not fit stays until the end, like all else (see `Bench.compare`).
            corpus = self.sample(f"{name}-{attempt}", objects, events, profile)
            if abs(corpus.decoded - size) <= size // 50 or events == 1:
                return corpus
            events = max(1, events * size // corpus.decoded)

    def sample(self, name, objects, events, profile="small"):
        """Objects of gzip members with so many events in each."""
        folder = self.folder / name
        call([self.rehose, "sample", str(folder), "--objects", str(objects),
              "--events", str(events), "--seed", str(SEED), "--profile", profile])
        return Corpus(folder, events * objects)

    def stream(self, corpus, name):
        """The same documents as one gzip stream."""
        folder = self.folder / name
        path = folder / corpus.only.relative_to(corpus.folder)
        path.parent.mkdir(parents=True)
        with gzip.open(corpus.only) as members, gzip.open(path, "wb", compresslevel=6) as stream:
            shutil.copyfileobj(members, stream, 1 << 20)
        return Corpus(folder, corpus.events)


def decoded_size(path: pathlib.Path):
    with gzip.open(path) as documents:
        return sum(len(chunk) for chunk in iter(lambda: documents.read(1 << 20), b""))
