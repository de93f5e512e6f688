import { brokenAudit, readAudit, readAuditHead, sealAudit, writeAudit } from '../../db/audit';
import type { Db } from '../../db/pool';
import { createTestDatabase, type TestDatabase } from '../support/database';

/** "The application can add a row and have the oldest ones sealed; it can … not write, change or remove a seal." */
describe('the application role against the audit log, by temporary tables and a trigger function that anybody may use', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.close());
  const write = (db: Db, subject: string) =>
    writeAudit(db, { actor: 'operator:a', action: 'HOLD', subject, reason: 'for the test', data: { n: 1 } });
  /** On one connection of the application's role. */
  const asApp = (sql: string) => database.db.transaction((tx) => tx.raw(sql));

  it('cannot write a seal of its own making', async () => {
    await write(database.db, 's1');
    await sealAudit(database.db, 10);
    await asApp(`
      CREATE TEMP TABLE audit_head (id integer, seq bigint, hash bytea) ON COMMIT DROP;
      GRANT ALL ON audit_head TO PUBLIC;
      INSERT INTO pg_temp.audit_head VALUES (1, 1, '\\xdeadbeef');
      INSERT INTO public.audit_log (actor, action, subject, reason, data) VALUES ('operator:a', 'HOLD', 's2', 'r', '{}');
      SELECT seal_audit(10);
    `).catch(() => undefined);
    await write(database.db, 's3');
    // The sealer goes on, and the chain holds.
    const sealed = await sealAudit(database.db, 10).catch((error: unknown) => String(error));
    expect([typeof sealed, await brokenAudit(database.db)]).toEqual(['number', []]);
  });

  it('cannot write a line that never gets a seal', async () => {
    await asApp(`
      CREATE TEMP TABLE audit_unsealed (audit_id bigint) ON COMMIT DROP;
      GRANT ALL ON audit_unsealed TO PUBLIC;
      INSERT INTO public.audit_log (actor, action, subject, reason, data) VALUES ('operator:a', 'HOLD', 's1', 'r', '{}');
    `).catch(() => undefined);
    await sealAudit(database.db, 10);
    expect((await readAudit(database.db, { limit: 10 })).map(({ seq }) => seq)).not.toContain(null);
    expect(await brokenAudit(database.db)).toEqual([]);
  });

  it('cannot stop the sealer for ever, by a trigger of its own on a table of its own', async () => {
    await write(database.db, 's1');
    await sealAudit(database.db, 10);
    await asApp(`
      CREATE TEMP TABLE mine (id bigint) ON COMMIT DROP;
      CREATE TRIGGER again AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION public.audit_waits_for_seal();
      INSERT INTO mine SELECT audit_id FROM public.audit_seals;
    `).catch(() => undefined);
    await write(database.db, 's2');
    const sealed = await sealAudit(database.db, 10).catch((error: unknown) => String(error));
    expect(sealed).toBe(1);
    expect(await readAuditHead(database.db)).toMatchObject({ unsealed: 0 });
  });
});
