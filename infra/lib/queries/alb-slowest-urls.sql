-- The URLs for which a target took longest on average, without their query strings.
-- Parameters: the first and the last hour, as in '2020/02/01/00'.
SELECT request_verb, split_part(request_url, '?', 1) AS url, count(*) AS requests,
  avg(target_processing_time) AS average_seconds, max(target_processing_time) AS longest_seconds
FROM alb_logs
WHERE datehour BETWEEN ? AND ?
  AND target_processing_time >= 0
GROUP BY request_verb, split_part(request_url, '?', 1)
ORDER BY average_seconds DESC, request_verb, url
LIMIT 100
