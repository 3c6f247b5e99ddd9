"""What others make of `rehose merge --as flow-log`: flowlogs-reader from PyPI, which finds the files by account, region,
day and time as AWS names them, and Spark with the statement that Athena documents for flow logs. Their statistics are
those of the rows that `rehose run` makes of the same stash."""

import datetime
import gzip
import io
import subprocess
import unittest
import warnings
from collections import Counter

import flowlogs_reader
import flowlogs_reader.aggregation
import stash
from outputs import REHOSE, folder, rows, run, session

ACCOUNTS = ("123456789012", "000000000001")
REGION = "eu-west-1"

# Seconds since 1970 of the first record.
MIDNIGHT = 1_580_515_200

# https://docs.aws.amazon.com/athena/latest/ug/vpc-flow-logs-create-table-statement.html
ATHENA = """
CREATE EXTERNAL TABLE IF NOT EXISTS `vpc_flow_logs` (
  version int,
  account_id string,
  interface_id string,
  srcaddr string,
  dstaddr string,
  srcport int,
  dstport int,
  protocol bigint,
  packets bigint,
  bytes bigint,
  start bigint,
  `end` bigint,
  action string,
  log_status string,
  vpc_id string,
  subnet_id string,
  instance_id string,
  tcp_flags int,
  type string,
  pkt_srcaddr string,
  pkt_dstaddr string,
  region string,
  az_id string,
  sublocation_type string,
  sublocation_id string,
  pkt_src_aws_service string,
  pkt_dst_aws_service string,
  flow_direction string,
  traffic_path int
)
PARTITIONED BY (`date` date)
ROW FORMAT DELIMITED
FIELDS TERMINATED BY ' '
LOCATION '{place}'
TBLPROPERTIES ("skip.header.line.count"="1")
"""


def record(account, hour, minute, n):
    start = MIDNIGHT + 3600 * hour + 60 * minute
    end = start + 59
    if n == 7:
        return f"2 {account} eni-1 - - - - - - - {start} {end} - NODATA"
    action = "REJECT" if n % 3 == 0 else "ACCEPT"
    return f"2 {account} eni-1 10.0.{hour}.{n} 10.0.0.9 {1024 + minute} 443 6 {n + 1} {40 * (n + 1)} {start} {end} {action} OK"


class Bucket:
    """The calls of S3 that flowlogs-reader makes, over a folder."""

    def __init__(self, place):
        self.place = place

    def list_objects_v2(self, Bucket, Prefix, Delimiter=None):
        keys = sorted(str(file.relative_to(self.place)) for file in self.place.rglob("*") if file.is_file())
        keys = [key for key in keys if key.startswith(Prefix)]
        if Delimiter is None:
            return {"Contents": [{"Key": key} for key in keys]}
        folders = {Prefix + key.removeprefix(Prefix).partition(Delimiter)[0] + Delimiter for key in keys}
        return {"CommonPrefixes": [{"Prefix": folder} for folder in sorted(folders)]}

    def get_paginator(self, operation):
        assert operation == "list_objects_v2", operation
        return self

    def paginate(self, **request):
        yield self.list_objects_v2(**request)

    def get_object(self, Bucket, Key):
        file = (self.place / Key).read_bytes()
        return {"Body": io.BytesIO(file), "ContentLength": len(file)}


class FlowLog(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        source = folder() / "flow-log"
        for hour in range(2):
            for minute in range(0, 60, 3):
                place = source / "2020" / "02" / "01" / f"{hour:02}"
                place.mkdir(parents=True, exist_ok=True)
                records = [record(account, hour, minute, n) for account in ACCOUNTS for n in range(9)]
                start = 1000 * (MIDNIGHT + 3600 * hour + 60 * minute)
                (place / f"{minute:02}").write_bytes(stash.envelope(records, start))
        cls.output = folder() / "flow-log-files"
        command = [REHOSE, "merge", source, cls.output, "--as", "flow-log", "--region", REGION]
        subprocess.run(command, capture_output=True, text=True, check=True)
        rewritten = run("flow-log", 0)
        files = sorted((rewritten / "csv").rglob("*.csv.gz"))
        cls.rows = [row for file in files for row in rows(file)]

    def expected(self, select):
        """Packets, bytes and records by source, of the rows that have one."""
        sums = Counter()
        for _, _, account, _, source, _, _, _, _, packets, size, start, *_ in self.rows:
            if source != "-" and select(account, int(start)):
                sums[source, "packets"] += int(packets)
                sums[source, "bytes"] += int(size)
                sums[source, "records"] += 1
        return sums

    def read(self, begin, end, **options):
        """What flowlogs-reader reads of the files of a time, in hours after midnight."""
        time = lambda hours: datetime.datetime(2020, 2, 1) + datetime.timedelta(hours=hours)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            reader = flowlogs_reader.S3FlowLogsReader(
                "logs",
                boto_client=Bucket(self.output),
                start_time=time(begin),
                end_time=time(end),
                raise_on_error=True,
                **options,
            )
            return list(reader)

    def test_flowlogs_reader_has_the_same_statistics(self):
        records = self.read(0, 24)
        self.assertEqual(len(records), len(self.rows))
        self.assertEqual(len(records), 2 * 20 * 2 * 9)
        aggregated = flowlogs_reader.aggregation.aggregated_records(iter(records), key_fields=("srcaddr",))
        found = Counter()
        for flow in aggregated:
            found[flow["srcaddr"], "packets"] = flow["packets"]
            found[flow["srcaddr"], "bytes"] = flow["bytes"]
        found.update({(source, "records"): count for source, count in Counter(r.srcaddr for r in records if r.srcaddr).items()})
        self.assertEqual(found, self.expected(lambda account, start: True))
        statuses = Counter(record.log_status for record in records)
        self.assertEqual(statuses, Counter(row[-1] for row in self.rows))

    def test_flowlogs_reader_finds_the_files_of_an_hour_an_account_and_a_region(self):
        hour = self.read(1, 2, include_accounts=[ACCOUNTS[1]], include_regions=[REGION])
        self.assertEqual({record.account_id for record in hour}, {ACCOUNTS[1]})
        # The first record ends in the first window of the hour.
        first = MIDNIGHT + 3600
        expected = self.expected(lambda account, start: account == ACCOUNTS[1] and start >= first)
        packets = Counter()
        for record in hour:
            if record.srcaddr:
                packets[record.srcaddr] += record.packets
        self.assertEqual(packets, {source: sum for (source, name), sum in expected.items() if name == "packets"})
        self.assertEqual(self.read(0, 24, include_regions=["us-east-1"]), [])

    def test_spark_reads_them_with_the_statement_that_athena_documents(self):
        spark = session().newSession()
        found = Counter()
        for account in ACCOUNTS:
            place = f"file://{self.output}/AWSLogs/{account}/vpcflowlogs/{REGION}"
            spark.sql("DROP TABLE IF EXISTS vpc_flow_logs")
            spark.sql(ATHENA.format(place=place))
            spark.sql(f"ALTER TABLE vpc_flow_logs ADD PARTITION (`date`='2020-02-01') LOCATION '{place}/2020/02/01'")
            # Athena skips the header.
            rows = spark.sql(
                "SELECT srcaddr, sum(packets), sum(bytes), count(*) FROM vpc_flow_logs "
                "WHERE version IS NOT NULL AND log_status = 'OK' AND vpc_id IS NULL GROUP BY srcaddr"
            )
            for source, packets, size, records in map(tuple, rows.collect()):
                found[source, "packets"] += packets
                found[source, "bytes"] += size
                found[source, "records"] += records
            [(nodata, start, end)] = map(
                tuple,
                spark.sql("SELECT count(*), min(start), max(`end`) FROM vpc_flow_logs WHERE log_status = 'NODATA' AND packets IS NULL").collect(),
            )
            self.assertEqual((nodata, start, end), (40, MIDNIGHT, MIDNIGHT + 3600 + 57 * 60 + 59))
            spark.sql("DROP TABLE vpc_flow_logs")
        self.assertEqual(found, self.expected(lambda account, start: True))

    def test_a_file_has_one_header_and_lines_between_line_feeds(self):
        files = sorted((self.output / "AWSLogs").rglob("*.log.gz"))
        self.assertEqual(len(files), 2 * 2 * 12)
        for file in files:
            text = gzip.open(file, "rb").read()
            self.assertTrue(text.startswith(b"version account-id interface-id srcaddr "), file)
            self.assertTrue(text.endswith(b"\n"), file)
            self.assertNotIn(b"\r", text)
            self.assertEqual(text.count(b"version"), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
