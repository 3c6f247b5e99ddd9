-- Answers with a status of 500 or more, by target. Without a target, the load balancer itself answered.
-- Parameters: the first and the last hour, as in '2020/02/01/00'.
SELECT elb, target_ip, target_port, elb_status_code, target_status_code, count(*) AS requests, max("time") AS last_seen
FROM alb_logs
WHERE datehour BETWEEN ? AND ?
  AND elb_status_code >= 500
GROUP BY elb, target_ip, target_port, elb_status_code, target_status_code
ORDER BY requests DESC, elb, target_ip, target_port, elb_status_code, target_status_code
LIMIT 100
