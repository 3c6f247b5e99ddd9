-- The addresses that sent traffic to an address: ports, first and last time, bytes.
-- Parameters: the first and the last hour, as in '2020/02/01/00'; the address, as in '10.0.0.5'.
SELECT srcaddr, dstport, protocol, action, min("timestamp") AS first_seen, max("timestamp") AS last_seen, sum(bytes) AS bytes
FROM flow_logs
WHERE datehour BETWEEN ? AND ?
  AND dstaddr = ?
GROUP BY srcaddr, dstport, protocol, action
ORDER BY first_seen, srcaddr, dstport, protocol, action
