"""Readers of Parquet that users have. Each reads files by itself, or counts the rows that match a filter."""

import datetime
import functools
import itertools
import operator

import duckdb
import polars
import pyarrow
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet

import outputs

UTC = datetime.timezone.utc
LINKS = itertools.count()

# A filter is a column, an operator and a value. These operators compare with one value.
COMPARISONS = {"=": operator.eq, "<>": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}


def python(operation, value):
    """What a filter means: a function of a value."""
    if operation in COMPARISONS:
        return lambda one: one is not None and COMPARISONS[operation](one, value)
    return {
        "BETWEEN": lambda one: one is not None and value[0] <= one <= value[1],
        "IN": lambda one: one is not None and one in value,
        "IS NULL": lambda one: one is None,
        "IS NOT NULL": lambda one: one is not None,
    }[operation]


def sql(column, operation, value, quote, time):
    def literal(one):
        if isinstance(one, datetime.datetime):
            return f"{time} '{one:%Y-%m-%d %H:%M:%S.%f}+00:00'"
        return f"'{one}'" if isinstance(one, str) else str(one)

    name = f"{quote}{column}{quote}"
    if operation == "BETWEEN":
        return f"{name} BETWEEN {literal(value[0])} AND {literal(value[1])}"
    if operation == "IN":
        return f"{name} IN ({', '.join(map(literal, value))})"
    return f"{name} {operation}" if value is None else f"{name} {operation} {literal(value)}"


class Spark:
    """Its own reader, which takes columns in batches; or the library for Java, row by row."""

    def __init__(self, in_batches):
        self.name = "Spark" if in_batches else "Spark, row by row"
        self.session = outputs.session().newSession()
        self.session.conf.set("spark.sql.parquet.enableVectorizedReader", str(in_batches).lower())

    @functools.cache
    def frame(self, files):
        return self.session.read.parquet(*[f"file://{file}" for file in files])

    def types(self, files):
        return [kind for _, kind in self.frame(tuple(files)).dtypes]

    def counts(self, files, filters):
        # One job for all: starting a job takes longer than the scan. Each filter has a scan of its own.
        frame = self.frame(tuple(files))
        counts = [frame.where(sql(*one, "`", "TIMESTAMP")).agg({"*": "count"}) for one in filters]
        return [count for [count] in functools.reduce(lambda all, more: all.unionAll(more), counts).collect()]

    def evolved(self, files):
        """Of a table whose first file lacks columns of the last. The statement names them all."""
        schema = self.frame(tuple(files[-1:])).schema
        frame = self.session.read.schema(schema).parquet(*[f"file://{file}" for file in files])
        return [tuple(row.asDict().values()) for row in frame.selectExpr(*[f"`{name}`" for name in schema.names[1:]]).collect()]


class DuckDb:
    name = "DuckDB"

    def from_files(self, files, more=""):
        return f"FROM read_parquet([{', '.join(repr(str(file)) for file in files)}]{more})"

    def ask(self, query):
        return duckdb.sql(query).fetchall()

    def types(self, files):
        return [row[1] for row in self.ask(f"DESCRIBE {self.from_files(files)}")]

    def counts(self, files, filters):
        conditions = [sql(*one, '"', "TIMESTAMPTZ") for one in filters]
        return [self.ask(f"SELECT count(*) {self.from_files(files)} WHERE {where}")[0][0] for where in conditions]

    def evolved(self, files):
        names = [row[0] for row in self.ask(f"DESCRIBE {self.from_files(files[-1:])}")]
        columns = ", ".join(f'"{name}"' for name in names[1:])
        return self.ask(f"SELECT {columns} {self.from_files(files, ', union_by_name=true')}")

    def rows(self, file):
        """All rows in order. The timestamp is in microseconds."""
        # A key can have characters that are a pattern here.
        link = outputs.folder() / f"{next(LINKS)}.parquet"
        link.symlink_to(file)
        return self.ask(f"SELECT epoch_us(timestamp), * EXCLUDE timestamp {self.from_files([link])}")


class PyArrow:
    name = "pyarrow"

    def types(self, files):
        return [str(kind) for kind in pyarrow.dataset.dataset(files).schema.types]

    def counts(self, files, filters):
        return [self.count(files, *one) for one in filters]

    def count(self, files, column, operation, value):
        field = pyarrow.compute.field(column)
        if operation in COMPARISONS:
            condition = COMPARISONS[operation](field, value)
        else:
            condition = {
                "BETWEEN": lambda: (field >= value[0]) & (field <= value[1]),
                "IN": lambda: field.isin(value),
                "IS NULL": field.is_null,
                "IS NOT NULL": field.is_valid,
            }[operation]()
        return pyarrow.dataset.dataset(files).count_rows(filter=condition)

    def evolved(self, files):
        schema = pyarrow.dataset.dataset(files[-1:]).schema
        columns = pyarrow.dataset.dataset(files, schema=schema).to_table().columns[1:]
        return list(zip(*[column.to_pylist() for column in columns]))

    def rows(self, file):
        """All rows in order. The timestamp is in microseconds."""
        time, *columns = pyarrow.parquet.read_table(file).columns
        return list(zip(time.cast(pyarrow.int64()).to_pylist(), *[column.to_pylist() for column in columns]))


class Polars:
    name = "polars"

    def types(self, files):
        return [str(kind) for kind in polars.scan_parquet(files).collect_schema().dtypes()]

    def counts(self, files, filters):
        return [self.count(files, *one) for one in filters]

    def count(self, files, column, operation, value):
        field = polars.col(column)
        if operation in COMPARISONS:
            condition = COMPARISONS[operation](field, value)
        else:
            condition = {
                "BETWEEN": lambda: field.is_between(*value),
                "IN": lambda: field.is_in(value),
                "IS NULL": field.is_null,
                "IS NOT NULL": field.is_not_null,
            }[operation]()
        return polars.scan_parquet(files).filter(condition).select(polars.len()).collect().item()

    def evolved(self, files):
        schema = polars.read_parquet_schema(files[-1])
        return polars.scan_parquet(files, schema=schema, missing_columns="insert").collect().drop("timestamp").rows()


def all_readers():
    return [Spark(True), Spark(False), DuckDb(), PyArrow(), Polars()]
