-- Clients whose TLS handshake with a Network Load Balancer failed, with the alert that they sent.
-- Parameters: the first and the last hour, as in '2020/02/01/00'.
SELECT elb, listener_id, client_ip, incoming_tls_alert, count(*) AS connections, max("time") AS last_seen
FROM nlb_logs
WHERE datehour BETWEEN ? AND ?
  AND (incoming_tls_alert IS NOT NULL OR tls_protocol_version IS NULL)
GROUP BY elb, listener_id, client_ip, incoming_tls_alert
ORDER BY connections DESC, elb, listener_id, client_ip, incoming_tls_alert
LIMIT 100
