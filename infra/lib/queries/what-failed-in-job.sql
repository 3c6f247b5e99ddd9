-- The objects that failed in a job, with their reasons. Lost objects have no receipt: see the job's report.json.
-- Parameter: the job, as in '20261121T074915Z-cda9dbc2'.
SELECT key, reason, detail
FROM receipts
CROSS JOIN UNNEST(objects) AS object (key, outcome, reason, detail, documents, events, written, rejected, control, filtered, bytes_in, bytes_decoded, bytes_out, out_of_scope, sums)
WHERE job = ?
  AND outcome = 'failed'
ORDER BY key
