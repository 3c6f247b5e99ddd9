"""Calls a function's URL on the local AWS without a signature, and prints the status: unsigned.py URL"""

import os
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

name = urlsplit(sys.argv[1]).hostname.split(".")[0]
try:
    urllib.request.urlopen(f"{os.environ['AWS_ENDPOINT_URL']}/_aws/lambda-url/{name}/healthz")
except urllib.error.HTTPError as error:
    print(error.code)
