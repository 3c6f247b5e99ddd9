#!/usr/bin/env bash
# The way of a shell: zcat, jq, gzip.
#
#   pipeline.sh IN OUT
set -eu -o pipefail
{
  echo 'timestamp,version,account-id,interface-id,srcaddr,dstaddr,srcport,dstport,protocol,packets,bytes,start,end,action,log-status'
  zcat <"$1" | jq --raw-output '.logEvents[]
    | (.timestamp / 1000 | floor | todate | rtrimstr("Z")) as $seconds
    | (.timestamp % 1000 | tostring | "000"[length:] + .) as $milliseconds
    | "\($seconds).\($milliseconds)Z,\(.message | gsub(" "; ","))"'
} | gzip >"$2"
