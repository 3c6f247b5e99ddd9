-- Bytes of each account by the hour of the events, which may differ from the hour of the file.
-- Parameters: the first and the last hour, as in '2020/02/01/00'.
SELECT account_id, date_trunc('hour', "timestamp") AS event_hour, sum(bytes) AS bytes
FROM flow_logs
WHERE datehour BETWEEN ? AND ?
  AND "timestamp" IS NOT NULL
GROUP BY account_id, date_trunc('hour', "timestamp")
ORDER BY event_hour, account_id
