-- To be run once on a database that was restored from a backup, before the first gateway starts (docs/operations.md, Backup and restore):
--   psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f restored.sql
begin;

-- Cursors that were given out after the backup stand for changes that are not in the log any more, and their numbers would be used again for
-- others. So the log begins anew, far beyond all of them: whoever comes with one is answered CURSOR_EXPIRED, and begins with a snapshot.
delete from registration_changes;
update registry set head = head + 1000000000, floor = head + 1000000000;

-- Signs of life are found by the transaction that wrote them. Those of another server may lie in the future of this one: they would be read
-- again and again.
update node_liveness set touched_by = pg_current_xact_id();

commit;
