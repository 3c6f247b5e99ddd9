-- Who deleted an object, or let it expire. Lifecycle rules are AmazonS3.
-- Parameters: the first and the last day, as in '2020-02-01'; the bucket; the key as in the log, where it is encoded twice.
SELECT requestdatetime, requester, remoteip, operation, httpstatus, versionid, useragent, requestid
FROM s3_access_logs
WHERE day BETWEEN ? AND ?
  AND bucket_name = ?
  AND key = ?
  AND (operation LIKE '%DELETE%' OR operation LIKE 'S3.EXPIRE%')
ORDER BY requestdatetime, requestid
