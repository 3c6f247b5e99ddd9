"""The tables and queries of the synthesised stack."""

import functools
import json
import os
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
REHOSE = Path(os.environ.get("REHOSE", ROOT / "target" / "debug" / "rehose"))


def synthesised(options, to):
    """The resources of the template for an output in s3://tables/out/, by their type."""
    return made(json.dumps(options), to)


@functools.cache
def of_logs(formats, to):
    """The same for a stack with a log for each format, whose keys and rows are under its name."""
    logs = [{"prefix": f"{name}/", "format": name, "outputPrefix": f"out/{name}/", "to": to} for name in formats]
    with tempfile.TemporaryDirectory(prefix="rehose-stack-") as folder:
        return resources(Path(folder), {"logs": logs})


def tables(options, to):
    """The Glue tables of the template that are no views."""
    all = synthesised(options, to)["AWS::Glue::Table"]
    return [one for one in all if one["TableInput"]["TableType"] == "EXTERNAL_TABLE"]


@functools.cache
def made(options, to):
    with tempfile.TemporaryDirectory(prefix="rehose-stack-") as folder:
        return synthesise(Path(folder), json.loads(options), to)


def synthesise(folder, options, to):
    tables = folder / "tables.json"
    arguments = ["--to", to]
    if "message_regex" in options:
        arguments += ["--message-regex", options["message_regex"]]
    if "fields" in options:
        arguments += ["--fields", ",".join(options["fields"])]
    with tables.open("w") as file:
        subprocess.run([REHOSE, "table", "--json", *arguments], stdout=file, check=True)
    more = {"sourcePrefix": "AWSLogs/", "options": options, "to": to, "tables": str(tables), "merge": True}
    return resources(folder, more)


def resources(folder, more):
    """The resources of a template by their type, for these values of the context."""
    binaries = folder / "binaries"
    for binary in ("rehose-start", "rehose-process", "rehose-check", "rehose-api"):
        (binaries / binary).mkdir(parents=True, exist_ok=True)
        (binaries / binary / "bootstrap.zip").write_bytes(b"")
    place = {"sourceBucket": "stash", "outputBucket": "tables", "outputPrefix": "out", "binaries": str(binaries)}
    context = {**place, **more}
    subprocess.run(
        ["node", "--import", "tsx", "bin/rehose.ts"],
        cwd=ROOT / "infra",
        env={
            **os.environ,
            "CDK_OUTDIR": str(folder / "cdk"),
            "CDK_CONTEXT_JSON": json.dumps(context),
            # The tests of infra validate the templates, which takes half of the time.
            "CDK_VALIDATION": "false",
        },
        check=True,
    )
    template = json.loads((folder / "cdk" / "rehose.template.json").read_text())
    found = {}
    for resource in template["Resources"].values():
        found.setdefault(resource["Type"], []).append(resource["Properties"])
    return found


def said(table):
    """What a Glue table says, in the words of `spark.Table`."""
    table = table["TableInput"]
    storage = table["StorageDescriptor"]
    columns = lambda of: [(column["Name"], column["Type"]) for column in of]
    return {
        "name": table["Name"],
        "comment": table["Description"],
        "columns": columns(storage["Columns"]),
        "partitions": columns(table["PartitionKeys"]),
        "serde": storage["SerdeInfo"]["SerializationLibrary"],
        "serde_parameters": storage["SerdeInfo"].get("Parameters", {}),
        "formats": (storage["InputFormat"], storage["OutputFormat"]),
        "location": storage["Location"],
        "parameters": table["Parameters"],
    }
