-- Who deleted an object of S3. The trail must have data events; deletions of many at once name no keys.
-- Parameters: the first and the last hour, as in '2020/02/01/00'; the bucket; the key.
SELECT eventtime, json_extract_scalar(useridentity, '$.arn') AS principal, sourceipaddress, useragent, eventname, errorcode, eventid
FROM cloudtrail_logs
WHERE datehour BETWEEN ? AND ?
  AND eventsource = 's3.amazonaws.com'
  AND eventname LIKE 'DeleteObject%'
  AND json_extract_scalar(requestparameters, '$.bucketName') = ?
  AND json_extract_scalar(requestparameters, '$.key') = ?
ORDER BY eventtime, eventid
