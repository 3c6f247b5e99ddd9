-- Calls that were denied, by principal.
-- Parameters: the first and the last hour, as in '2020/02/01/00'.
SELECT json_extract_scalar(useridentity, '$.arn') AS principal, eventsource, eventname, errorcode, count(*) AS calls, max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE datehour BETWEEN ? AND ?
  AND (errorcode LIKE '%AccessDenied%' OR errorcode LIKE '%Unauthorized%')
GROUP BY json_extract_scalar(useridentity, '$.arn'), eventsource, eventname, errorcode
ORDER BY calls DESC, principal, eventsource, eventname, errorcode
LIMIT 100
