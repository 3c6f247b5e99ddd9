-- The domains that DNS Firewall blocked, with the number of addresses that asked for them.
-- Parameters: the first and the last hour, as in '2020/02/01/00'.
SELECT query_name, firewall_domain_list_id, count(*) AS queries, count(DISTINCT srcaddr) AS sources, max(query_timestamp) AS last_seen
FROM resolver_logs
WHERE datehour BETWEEN ? AND ?
  AND firewall_rule_action = 'BLOCK'
GROUP BY query_name, firewall_domain_list_id
ORDER BY queries DESC, query_name, firewall_domain_list_id
LIMIT 100
