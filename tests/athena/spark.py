"""Spark in the place of Athena: the same SerDes, over files on this machine."""

import os
import re
import tempfile
import time
from pathlib import Path

import sqlglot
from pyspark.sql import SparkSession
from sqlglot import exp

# What Spark and Python make of a moment must not depend on where this runs.
os.environ["TZ"] = "UTC"
time.tzset()

# Else Spark says at every start which of the machine's addresses it has taken.
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"

OUTPUT = "s3://tables/out/"


def start(folder):
    quiet = Path(__file__).with_name("log4j2.properties").as_uri()
    java = {
        "derby.stream.error.file": f"{folder}/derby.log",
        "log4j2.configurationFile": quiet,
    }
    options = {
        "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:memory:metastore;create=true",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        # Most code runs only a few times. Optimising it takes longer than running it.
        "spark.driver.extraJavaOptions": " ".join(
            ["-XX:TieredStopAtLevel=1", *(f"-D{name}={value}" for name, value in java.items())]),
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.codegen.wholeStage": "false",
        # As Athena does.
        "spark.hadoop.mapreduce.input.fileinputformat.input.dir.recursive": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        # It would take the ${datehour} of a template for a variable of its own.
        "spark.sql.variable.substitute": "false",
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master("local[2]").enableHiveSupport()
    for name, value in options.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def flat(folder, links):
    """A folder with the files of a folder and of those in it: Athena reads them all, and Spark none of Parquet's."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    if all(file.parent == folder for file in files):
        return folder
    place = Path(tempfile.mkdtemp(dir=links))
    for number, file in enumerate(files):
        (place / f"{number}{file.suffix}").symlink_to(file)
    return place


class Table:
    """What a statement of `rehose table` says, as sqlglot's Athena dialect understands it."""

    def __init__(self, ddl):
        self.ddl = ddl.strip().removesuffix(";")
        [tree] = sqlglot.parse(self.ddl, read="athena")
        # What it does not understand, it would take for a command.
        assert isinstance(tree, exp.Create), ddl
        self.name = tree.this.this.name
        self.columns = [definition(column) for column in tree.this.expressions]
        self.partitions = [definition(column) for column in tree.find(exp.PartitionedByProperty).this.expressions]
        serde = tree.find(exp.RowFormatSerdeProperty)
        self.serde = serde.this.name
        self.serde_parameters = parameters(tree.find(exp.SerdeProperties))
        formats = tree.find(exp.InputOutputFormat)
        self.formats = (formats.args["input_format"].name, formats.args["output_format"].name)
        self.location = tree.find(exp.LocationProperty).this.name
        self.comment = tree.find(exp.SchemaCommentProperty).this.name
        own = [p for p in tree.args["properties"].expressions if type(p) is exp.Property]
        self.parameters = {p.name: p.args["value"].name for p in own}

    @property
    def partition(self):
        """The only partition column."""
        [only] = self.partitions
        return only

    def places(self, output):
        """The table's folders in an output, by the values that the template has for each: a tuple."""
        template = re.escape(self.parameters["storage.location.template"].removeprefix(OUTPUT))
        for name, _ in self.partitions:
            # Each letter of a date is a digit of it.
            date = self.parameters.get(f"projection.{name}.format")
            value = re.sub(r"[a-zA-Z]", r"\\d", date) if date else "[^/]+"
            template = template.replace(re.escape("${%s}" % name), f"({value})")
        # Athena reads the folders in a folder too.
        template = re.compile(f"({template}).*")
        folders = {str(file.parent.relative_to(output)) + "/" for file in output.rglob("*") if file.is_file()}
        found = {match.groups()[1:]: output / match[1] for folder in folders if (match := template.fullmatch(folder))}
        return dict(sorted(found.items()))

    def folders(self, output):
        """The folders of a table with one partition column, by its value."""
        return {value: folder for (value,), folder in self.places(output).items()}

    def create(self, session, output):
        """Runs the statement. Only the location is another, and the partitions are added one by one,
        for Spark does not project them."""
        session.sql(self.ddl.replace(OUTPUT, f"file://{output}/"))
        names = [name for name, _ in self.partitions]
        for values, folder in self.places(output).items():
            partition = ", ".join(f"{name}='{value}'" for name, value in zip(names, values))
            place = flat(folder, output.parent)
            session.sql(f"ALTER TABLE {self.name} ADD PARTITION ({partition}) LOCATION 'file://{place}'")

    def create_from_json(self, session, output):
        """Reads with Spark's own JSON reader, for it has no OpenX SerDe: the columns are the statement's."""
        schema = ", ".join(f"`{name}` {kind}" for name, kind in self.columns)
        frames = [
            session.read.schema(schema).json(f"file://{folder}").selectExpr("*", f"'{value}' AS {self.partition[0]}")
            for value, folder in self.folders(output).items()
        ]
        frame = frames[0]
        for other in frames[1:]:
            frame = frame.union(other)
        frame.createOrReplaceTempView(self.name)


def translated(query):
    """A query of Athena's as Spark takes it. An array of rows is the one thing that sqlglot leaves out."""
    unnest = r"CROSS JOIN UNNEST\((\w+)\) AS (\w+) \(([^)]*)\)"
    if re.search(unnest, query):
        return re.sub(unnest, r"LATERAL VIEW INLINE(\1) \2 AS \3", query)
    return sqlglot.transpile(query, read="athena", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]


def definition(column):
    return column.name, column.args["kind"].sql("hive").lower().replace(" ", "").replace("`", "")


def parameters(properties):
    found = properties.expressions if properties else []
    return {p.name: p.args["value"].name for p in found}
