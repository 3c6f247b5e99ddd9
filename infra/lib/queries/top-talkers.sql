-- The pairs of addresses that exchanged the most bytes.
-- Parameters: the first and the last hour, as in '2020/02/01/00'.
SELECT srcaddr, dstaddr, sum(bytes) AS bytes, sum(packets) AS packets, count(*) AS flows
FROM flow_logs
WHERE datehour BETWEEN ? AND ?
  AND srcaddr <> '-'
GROUP BY srcaddr, dstaddr
ORDER BY bytes DESC, srcaddr, dstaddr
LIMIT 100
