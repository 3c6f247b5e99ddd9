-- Sign-ins to the console without a second factor. Those through an identity provider have none here either.
-- Parameters: the first and the last hour, as in '2020/02/01/00'.
SELECT json_extract_scalar(useridentity, '$.arn') AS principal, sourceipaddress,
  json_extract_scalar(responseelements, '$.ConsoleLogin') AS result, count(*) AS sign_ins, max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE datehour BETWEEN ? AND ?
  AND eventname = 'ConsoleLogin'
  AND json_extract_scalar(additionaleventdata, '$.MFAUsed') = 'No'
GROUP BY json_extract_scalar(useridentity, '$.arn'), sourceipaddress, json_extract_scalar(responseelements, '$.ConsoleLogin')
ORDER BY sign_ins DESC, principal, sourceipaddress, result
LIMIT 100
