-- Which objects failed in a job, and why. What was lost has no receipt: the job's report.json lists it.
-- Parameter: the job, as in '20261121T074915Z-cda9dbc2'.
SELECT key, reason, detail
FROM receipts
CROSS JOIN UNNEST(objects) AS object (key, outcome, reason, detail, documents, events, written, rejected, control, bytes_in, bytes_decoded, bytes_out)
WHERE job = ?
  AND outcome = 'failed'
ORDER BY key
