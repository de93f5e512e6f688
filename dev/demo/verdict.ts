import type { Client } from '@temporalio/client';
import type { Db } from '../../db/pool';
import type { BankBooks } from '../../ops/audit/bank-books';
import { checkInvariants, type CheckResult } from '../../ops/audit/invariants';
import type { Expectation } from './stories';
import { workflowShapes } from '../../domain/keys';

export interface StoryReport {
  readonly story: number;
  readonly title: string;
  readonly loanId: string;
  readonly workflowId: string;
  readonly runIds: readonly string[];
  readonly loanStatus: string;
  readonly attempts: readonly {
    number: string;
    direction: string;
    channel: string;
    amountFen: number;
    state: string;
    code: string | null;
  }[];
  readonly bankPayouts: BankBooks['entries'];
  readonly bankDebits: BankBooks['entries'];
  readonly invariants: Readonly<Record<string, boolean>>;
  /** What differs from the story's expectation; empty when it went as told. */
  readonly surprises: readonly string[];
}

/** First and latest run of a workflow; empty when it never existed. */
async function runIdsOf(client: Client, workflowId: string): Promise<string[]> {
  try {
    const description = await client.workflow.getHandle(workflowId).describe();
    const first = description.raw.workflowExecutionInfo?.firstRunId ?? '';
    return [...new Set([first, description.runId].filter((each) => each !== ''))];
  } catch {
    return [];
  }
}

function surprisesOf(
  expectation: Expectation,
  actual: { loanStatus: string; payouts: readonly { channel: string; state: string }[]; events: ReadonlySet<string>; moved: number },
): string[] {
  const surprises: string[] = [];
  if (expectation.loan !== actual.loanStatus) surprises.push(`the loan is ${actual.loanStatus}, expected ${expectation.loan}`);
  if (expectation.loan === 'none' && actual.moved > 0) surprises.push('money moved although nothing was to be paid');
  const happened = JSON.stringify(actual.payouts.map(({ channel, state }) => ({ channel, state })));
  const told = expectation.attempts === undefined ? happened : JSON.stringify(expectation.attempts);
  if (told !== happened) surprises.push(`payout attempts were ${happened}, expected ${told}`);
  const [paid, due] = [actual.payouts.filter(({ state }) => state === 'SUCCEEDED').length, expectation.loan === 'none' ? 0 : 1];
  if (paid !== due) surprises.push(`${String(paid)} payouts succeeded, expected ${String(due)}: ${happened}`);
  for (const kind of expectation.events) if (!actual.events.has(kind)) surprises.push(`${kind} did not happen`);
  return surprises;
}

/** I1, I5 and I7 of one story, from the banks' books and ours. */
function storyInvariants(
  attempts: StoryReport['attempts'],
  payouts: BankBooks['entries'],
  debits: BankBooks['entries'],
  loanStatus: string,
): Record<string, boolean> {
  const ours = (direction: string) =>
    attempts
      .filter((each) => each.direction === direction && each.state === 'SUCCEEDED')
      .map((each) => each.number)
      .sort();
  const theirs = (entries: BankBooks['entries']) =>
    entries
      .filter((entry) => entry.state === 'BOOKED')
      .map((entry) => entry.number)
      .sort();
  const same = (a: readonly string[], b: readonly string[]) => JSON.stringify(a) === JSON.stringify(b);
  return {
    I1: theirs(payouts).length <= 1,
    I3: same(ours('PAYOUT'), theirs(payouts)) && same(ours('DEBIT'), theirs(debits)),
    I5: (theirs(payouts).length === 1) === (loanStatus !== 'none'),
    I6: new Set(theirs(debits)).size === theirs(debits).length,
  };
}

export async function reportStory(input: {
  db: Db;
  client: Client;
  books: BankBooks;
  loanId: string;
  story: { number: number; title: string };
  expectation: Expectation;
}): Promise<StoryReport> {
  const { db, client, books, loanId } = input;
  const loan = await db('loans').where({ id: loanId }).first<{ status: string } | undefined>('status');
  const loanStatus = loan?.status ?? 'none';
  const attempts = await db('payment_attempts as a')
    .join('payment_instructions as i', 'i.id', 'a.instruction_id')
    .where('a.loan_id', loanId)
    .orderBy([{ column: 'i.created_at' }, { column: 'a.attempt' }])
    .select<StoryReport['attempts'][number][]>(
      'a.number as number',
      'i.direction as direction',
      'a.channel as channel',
      'i.amount_fen as amountFen',
      'a.state as state',
      'a.code as code',
    );
  const events = new Set((await db('loan_events').where({ loan_id: loanId }).select<{ kind: string }[]>('kind')).map((row) => row.kind));
  const entries = books.entries.filter((entry) => entry.reference === loanId);
  const bankPayouts = entries.filter((entry) => entry.kind === 'PAYOUT');
  const bankDebits = entries.filter((entry) => entry.kind === 'DEBIT');
  const workflowId = loan ? workflowShapes.loan(loanId) : workflowShapes.application(loanId);
  return {
    story: input.story.number,
    title: input.story.title,
    loanId,
    workflowId,
    runIds: await runIdsOf(client, workflowId),
    loanStatus,
    attempts,
    bankPayouts,
    bankDebits,
    invariants: storyInvariants(attempts, bankPayouts, bankDebits, loanStatus),
    surprises: surprisesOf(input.expectation, {
      loanStatus,
      payouts: attempts.filter((each) => each.direction === 'PAYOUT'),
      events,
      moved: entries.length,
    }),
  };
}

export async function readBooks(url: string): Promise<BankBooks> {
  return (await (await fetch(url)).json()) as BankBooks;
}

export async function compareBooks(db: Db, client: Client, books: BankBooks): Promise<CheckResult[]> {
  return checkInvariants({ db, client, books });
}
