import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { readLoanFile } from '../../db/loan/loan-file';
import { shared } from '../support/shared';
import { createWorld, eventually, type World } from '../support/world';
import { seedLoan, startLoan } from '../support/seed';

const HISTORIES = resolve(__dirname, '../histories');
const ROOT = resolve(__dirname, '../..');
const committed = () => readdirSync(HISTORIES).filter((file) => file.endsWith('.json'));
const read = (file: string): unknown => JSON.parse(readFileSync(join(HISTORIES, file), 'utf8'));

/** Builds the bundle of a copy of the sources with one edit: what a careless deploy would ship. */
async function mutatedBundle(file: string, from: string, to: string): Promise<{ code: string }> {
  const folder = join(ROOT, '.cache', `mutant-${String(process.pid)}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ['workflows', 'domain']) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  const path = join(folder, file);
  const source = readFileSync(path, 'utf8');
  if (!source.includes(from)) throw new Error(`${file} does not contain the text to mutate: ${from}`);
  writeFileSync(path, source.replace(from, to));
  try {
    return await bundleWorkflowCode({
      workflowsPath: join(folder, 'workflows/index.ts'),
      logger: new DefaultLogger('ERROR', () => undefined),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('recorded histories', () => {
  const workflowBundle = { codePath: shared().bundlePath };

  it('exist for every workflow that carries a loan', () => {
    const types = new Set(committed().map((file) => file.split('.')[0]));
    expect([...types].sort()).toEqual([
      'closeBusinessDay',
      'debitLoan',
      'disburseLoan',
      'originateLoan',
      'reconcileChannelDay',
      'resolveBreak',
      'serviceLoan',
    ]);
  });

  it.each(committed())('replay on today’s code: %s', async (file) => {
    await Worker.runReplayHistory({ workflowBundle }, read(file));
  });

  it('do not replay on a workflow that was changed without a patch: the gate can fail', async () => {
    const mutated = await mutatedBundle(
      'workflows/service-loan.ts',
      'const outlook = (this.outlook ??=',
      'await condition(() => false, 1);\n    const outlook = (this.outlook ??=',
    );
    const file = committed().find((each) => each.startsWith('serviceLoan'))!;
    await expect(Worker.runReplayHistory({ workflowBundle: mutated }, read(file))).rejects.toMatchObject({
      name: 'DeterminismViolationError',
    });
  });

  it('hold ids and dates, and nothing about the borrower', () => {
    const text = committed().map((file) => readFileSync(join(HISTORIES, file), 'utf8'));
    for (const history of text) {
      const payloads = [...history.matchAll(/"data": ?"([A-Za-z0-9+/=]+)"/g)]
        .map((match) => Buffer.from(match[1]!, 'base64').toString('utf8'))
        .join('\n');
      expect(payloads).not.toMatch(/\d{17}[\dX]|622202\d{10,}|138\d{8}|@example\.com|王|李|张|刘|陈|杨|赵|黄/);
    }
  });
});

describe('histories made now', () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld({ server: 'dev' });
  });

  afterAll(() => world.close());

  it('replay at once, also while their workflows run', async () => {
    const fleet = await world.startFleet();
    const { loanId } = await seedLoan(world.deps, { termMonths: 2 });
    await world.banks.script({ bank: 'wallet', kind: 'PAYOUT', reference: loanId, behaviour: 'refused' });
    await startLoan(world.client, loanId);
    await eventually('the payout', async () => (await readLoanFile(world.deps.db, loanId)).loan.next_kind === 'REMIND');
    for (const workflowId of [`loan-${loanId}`, `disbursement-payout-${loanId}-1`]) {
      const history = await world.client.workflow.getHandle(workflowId).fetchHistory();
      await Worker.runReplayHistory({ workflowBundle: { codePath: shared().bundlePath } }, history);
    }
    await fleet.stop();
  });
});
