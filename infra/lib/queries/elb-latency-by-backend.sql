-- How long the backends of Classic Load Balancers took, the slowest first.
-- Parameters: the first and the last hour, as in '2020/02/01/00'.
SELECT elb_name, backend_ip, backend_port, count(*) AS requests,
  avg(backend_processing_time) AS average_seconds, max(backend_processing_time) AS longest_seconds
FROM elb_logs
WHERE datehour BETWEEN ? AND ?
  AND backend_processing_time >= 0
GROUP BY elb_name, backend_ip, backend_port
ORDER BY average_seconds DESC, elb_name, backend_ip, backend_port
LIMIT 100
