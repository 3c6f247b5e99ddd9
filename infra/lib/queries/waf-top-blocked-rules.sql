-- The rules that blocked most requests, with the number of clients.
-- Parameters: the first and the last hour, as in '2020/02/01/00'.
SELECT webaclid, terminatingruleid, count(*) AS requests, count(DISTINCT clientip) AS clients, max("time") AS last_seen
FROM waf_logs
WHERE datehour BETWEEN ? AND ?
  AND action = 'BLOCK'
GROUP BY webaclid, terminatingruleid
ORDER BY requests DESC, webaclid, terminatingruleid
LIMIT 100
