-- Rejected flows by destination port, with the number of source addresses.
-- Parameters: the first and the last hour, as in '2020/02/01/00'.
SELECT dstport, protocol, count(*) AS flows, count(DISTINCT srcaddr) AS sources, sum(packets) AS packets
FROM flow_logs
WHERE datehour BETWEEN ? AND ?
  AND action = 'REJECT'
GROUP BY dstport, protocol
ORDER BY flows DESC, dstport, protocol
LIMIT 100
