"""Follows a link to a file of gzip without any credentials, and prints how many lines it has: link.py URL"""

import gzip
import sys
import urllib.request

with urllib.request.urlopen(sys.argv[1]) as answer:
    print(len(gzip.decompress(answer.read()).splitlines()))
