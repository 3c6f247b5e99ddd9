-- Clients whose TLS handshake with a load balancer failed, or whose certificate was not accepted.
-- Parameters: the first and the last hour, as in '2020/02/01/00'.
SELECT client_ip, listener_port, tls_verify_status, leaf_client_cert_subject, count(*) AS connections, max("time") AS last_seen
FROM alb_connection_logs
WHERE datehour BETWEEN ? AND ?
  AND (tls_verify_status LIKE 'Failed%' OR tls_protocol IS NULL)
GROUP BY client_ip, listener_port, tls_verify_status, leaf_client_cert_subject
ORDER BY connections DESC, client_ip, listener_port, tls_verify_status, leaf_client_cert_subject
LIMIT 100
