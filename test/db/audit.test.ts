import { auditHashAt, brokenAudit, readAudit, readAuditHead, sealAudit, writeAudit } from '../../db/audit';
import { createDb, type Db } from '../../db/pool';
import { createTestDatabase, type TestDatabase } from '../support/database';

/** Guarantee: who did what is told for ever: no line can be changed, moved, taken out or added later unseen, and no writer waits for another. */
describe('the audit log', () => {
  let database: TestDatabase;
  let owner: Db;
  beforeEach(async () => {
    database = await createTestDatabase();
    owner = createDb(database.ownerUrl, 1);
  });
  afterEach(async () => {
    await owner.destroy();
    await database.close();
  });
  const write = (subject: string, db: Parameters<typeof writeAudit>[0] = database.db) =>
    writeAudit(db, { actor: 'operator:a', action: 'HOLD', subject, reason: 'for the test', data: { n: 1 } });
  const forced = async (table: string, change: () => Promise<unknown>) => {
    await owner.raw(`ALTER TABLE ${table} DISABLE TRIGGER ${table}_append_only`);
    await change();
    await owner.raw(`ALTER TABLE ${table} ENABLE TRIGGER ${table}_append_only`);
  };

  it('lines of twenty writers at once are sealed in batches, each once, and the chain holds', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => write(`loan-${String(index)}`)));
    expect(await readAuditHead(database.db)).toMatchObject({ seq: 0, unsealed: 20 });
    const sealed = await Promise.all([sealAudit(database.db, 15), sealAudit(database.db, 15)]);
    expect(sealed.reduce((sum, each) => sum + each, 0)).toBe(20);
    expect(await readAuditHead(database.db)).toMatchObject({ seq: 20, unsealed: 0, unsealedSince: null });
    expect(await brokenAudit(database.db)).toEqual([]);
    expect(await sealAudit(database.db, 15)).toBe(0);
  });

  it('a writer does not wait for another one’s transaction, and what commits late is sealed late', async () => {
    const slow = await database.db.transaction();
    await write('slow', slow);
    await database.db.raw(`SET statement_timeout = '2s'`);
    await write('quick');
    expect(await sealAudit(database.db, 10)).toBe(1);
    await slow.commit();
    expect(await sealAudit(database.db, 10)).toBe(1);
    expect((await readAudit(database.db, { limit: 10 })).map(({ subject, seq }) => [subject, seq]).sort()).toEqual([
      ['quick', 1],
      ['slow', 2],
    ]);
    expect(await brokenAudit(database.db)).toEqual([]);
  });

  it('the application can neither date nor number a line, nor write, change or remove a seal', async () => {
    const line = { actor: 'operator:a', action: 'HOLD', subject: 'x', reason: 'r' };
    for (const own of [{ id: 1 }, { at: new Date(0) }])
      await expect(database.db('audit_log').insert({ ...line, ...own })).rejects.toMatchObject({ code: '42501' });
    await write('x');
    await sealAudit(database.db, 10);
    const seals = database.db('audit_seals');
    await expect(seals.clone().update({ seq: 9 })).rejects.toMatchObject({ code: '42501' });
    await expect(seals.clone().delete()).rejects.toMatchObject({ code: '42501' });
    await expect(database.db('audit_unsealed').delete()).rejects.toMatchObject({ code: '42501' });
    await expect(database.db('audit_head').update({ seq: 0 })).rejects.toMatchObject({ code: '42501' });
  });

  const FORGERIES: Readonly<Record<string, { readonly by: () => Promise<unknown>; readonly found: string }>> = {
    'a reason is changed': {
      by: () => forced('audit_log', () => owner('audit_log').where({ subject: 's3' }).update({ reason: 'another' })),
      found: 'at place 3 was changed',
    },
    'data is changed': {
      by: () => forced('audit_log', () => owner('audit_log').where({ subject: 's3' }).update({ data: '{"n":2}' })),
      found: 'at place 3 was changed',
    },
    'a line is dated back': {
      by: () =>
        forced('audit_log', () =>
          owner('audit_log')
            .where({ subject: 's3' })
            .update({ at: new Date(0) }),
        ),
      found: 'at place 3 was changed',
    },
    'a line and its seal are taken out': {
      by: async () => {
        await forced('audit_seals', () => owner('audit_seals').where({ seq: 3 }).delete());
        await forced('audit_log', () => owner('audit_log').where({ subject: 's3' }).delete());
      },
      found: 'at place 4 was changed, moved or taken out',
    },
    'the last line and its seal are taken out': {
      by: async () => {
        await forced('audit_seals', () => owner('audit_seals').where({ seq: 5 }).delete());
        await forced('audit_log', () => owner('audit_log').where({ subject: 's5' }).delete());
      },
      found: 'has lost its end',
    },
    'a seal is taken off': {
      by: () => forced('audit_seals', () => owner('audit_seals').where({ seq: 5 }).delete()),
      found: 'has no seal and waits for none',
    },
    'the head is set back': {
      by: async () => {
        const hash = Buffer.from((await auditHashAt(owner, 4)) ?? '', 'hex');
        await owner('audit_head').update({ seq: 4, hash });
      },
      found: 'goes on past its end',
    },
    'the head is gone': { by: () => owner('audit_head').delete(), found: 'has no head' },
  };
  for (const [name, { by, found }] of Object.entries(FORGERIES))
    it(`is found: ${name}`, async () => {
      for (const n of [1, 2, 3, 4, 5]) await write(`s${String(n)}`);
      await sealAudit(database.db, 10);
      expect(await brokenAudit(database.db)).toEqual([]);
      await by();
      expect((await brokenAudit(database.db)).join('\n')).toContain(found);
    });

  it('a chain that was written anew does not lead over an anchor that was kept elsewhere', async () => {
    await write('first');
    await write('second');
    await sealAudit(database.db, 10);
    const { seq, hash } = await readAuditHead(database.db);
    expect(await auditHashAt(database.db, seq)).toBe(hash);
    await forced('audit_seals', () => owner('audit_seals').delete());
    await forced('audit_log', () => owner('audit_log').where({ subject: 'first' }).update({ reason: 'another' }));
    await owner('audit_head').update({ seq: 0, hash: owner.raw(`sha256('audit'::bytea)`) });
    await owner.raw('INSERT INTO audit_unsealed SELECT id FROM audit_log');
    await sealAudit(owner, 10);
    expect(await brokenAudit(database.db)).toEqual([]);
    expect(await auditHashAt(database.db, seq)).not.toBe(hash);
  });

  it('is read by person, subject, operator, act and time', async () => {
    await write('loan-1');
    await writeAudit(database.db, { actor: 'operator:b', action: 'RELEASE', subject: 'loan-2', reason: 'r' });
    const subjects = async (filter: Partial<Parameters<typeof readAudit>[1]>) =>
      (await readAudit(database.db, { limit: 10, ...filter })).map(({ subject }) => subject);
    expect(await subjects({})).toEqual(['loan-2', 'loan-1']);
    expect(await subjects({ actor: 'operator:b' })).toEqual(['loan-2']);
    expect(await subjects({ subject: 'loan-1' })).toEqual(['loan-1']);
    expect(await subjects({ action: 'HOLD' })).toEqual(['loan-1']);
    expect(await subjects({ person: 'nobody' })).toEqual([]);
    expect(await subjects({ to: '2020-01-01T00:00:00.000Z' as never })).toEqual([]);
    expect(await subjects({ limit: 1 })).toEqual(['loan-2']);
  });
});
