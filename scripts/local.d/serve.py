"""MiniStack, speaking HTTP/1.1 alone.

Over TLS it would offer HTTP/2 too, which neither S3 nor SQS do, and break off bodies under load.
"""

import sys

from hypercorn.config import Config
from ministack.app import main

Config.alpn_protocols = ["http/1.1"]
sys.exit(main())
