"""Python's way to Parquet: gzipped documents in, columns of pyarrow out.

    arrow.py IN OUT.parquet
"""
import sys

import pyarrow.parquet

from stash_table import table_of

SOURCE, OUTPUT = sys.argv[1:]
pyarrow.parquet.write_table(table_of([SOURCE]), OUTPUT, compression="zstd")
