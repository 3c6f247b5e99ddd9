-- The paths that took longest on average, by host.
-- Parameters: the first and the last day, as in '2020-02-01'.
SELECT x_host_header, cs_uri_stem, count(*) AS requests, avg(time_taken) AS average_seconds, max(time_taken) AS longest_seconds
FROM cloudfront_logs
WHERE day BETWEEN ? AND ?
  AND time_taken IS NOT NULL
GROUP BY x_host_header, cs_uri_stem
ORDER BY average_seconds DESC, x_host_header, cs_uri_stem
LIMIT 100
