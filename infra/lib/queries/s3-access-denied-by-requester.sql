-- Requests to S3 that were denied, by requester.
-- Parameters: the first and the last day, as in '2020-02-01'.
SELECT bucket_name, requester, remoteip, operation, errorcode, count(*) AS requests, max(requestdatetime) AS last_seen
FROM s3_access_logs
WHERE day BETWEEN ? AND ?
  AND httpstatus = 403
GROUP BY bucket_name, requester, remoteip, operation, errorcode
ORDER BY requests DESC, bucket_name, requester, remoteip, operation, errorcode
LIMIT 100
