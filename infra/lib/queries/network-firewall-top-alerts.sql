-- The signatures that alerted most, with the number of addresses that caused it.
-- Parameters: the first and the last hour, as in '2020/02/01/00'.
SELECT firewall_name, event_alert_signature_id, event_alert_signature, event_alert_action, event_alert_severity,
  count(*) AS alerts, count(DISTINCT event_src_ip) AS sources, max(event_timestamp) AS last_seen
FROM network_firewall_logs
WHERE datehour BETWEEN ? AND ?
  AND event_type = 'alert'
  AND event_alert_signature_id IS NOT NULL
GROUP BY firewall_name, event_alert_signature_id, event_alert_signature, event_alert_action, event_alert_severity
ORDER BY alerts DESC, firewall_name, event_alert_signature_id
LIMIT 100
