import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { insertLoan } from '../db/loan/loans';
import { businessDateOf, DAY_MS, instant } from '../domain/time/dates';
import { loanIdFrom, taskQueues } from '../domain/ids';
import { fen } from '../domain/money/money';
import { fastForward, virtualClock } from '../dev/fast-forward';
import { inventPerson } from '../dev/demo/person';
import type { Rig } from './rig';
import { workflowShapes } from '../domain/keys';

export interface Throughput {
  readonly startsPerSecond: number;
  readonly loanMonthsPerSecond: number;
}

const POLL_MS = 100;

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

async function seed(rig: Rig, count: number, termMonths: number): Promise<string[]> {
  const { deps } = rig;
  const product = deps.catalogue.all()[0];
  if (!product) throw new Error('the catalogue is empty');
  const today = businessDateOf(instant(Date.now()));
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const person = inventPerson(9_000 + index, 3);
    const id = loanIdFrom(randomBytes(12));
    await deps.db.transaction(async (tx) => {
      await deps.borrowers.ensure(tx, person.borrowerId);
      await deps.borrowers.saveIdentity(tx, person.borrowerId, person);
      const cardId = await deps.borrowers.saveCard(tx, person.borrowerId, person.cardNumber);
      const pinned = { borrower_id: person.borrowerId, product_id: product.id, product_version: product.version, bank_card_id: cardId };
      await tx('applications').insert({ id, ...pinned, status: 'READY_TO_DISBURSE', created_on: today });
      await insertLoan(tx, {
        id,
        ...pinned,
        principal_fen: fen(1_200_000),
        currency: 'CNY',
        annual_rate: product.annualRate,
        term_months: termMonths,
        opened_on: today,
      });
    });
    ids.push(id);
  }
  return ids;
}

async function skipAll(client: Client, workflowIdsToSkip: readonly string[], days: number): Promise<void> {
  const target = Date.now() + days * DAY_MS;
  await Promise.all(
    workflowIdsToSkip.map(async (workflowId) => {
      const clock = await virtualClock(client, workflowId);
      if (clock) await fastForward(client, workflowId, clock, target);
    }),
  );
}

const perSecond = (count: number, startedAt: number) => (count * 1_000) / (Date.now() - startedAt);

/** What a loan-month sends, the bench's own looks left out. */
function perLoanMonth(after: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>, months: number): Map<string, number> {
  const all = [...after].map(([text, count]): [string, number] => [text, (count - (before.get(text) ?? 0)) / months]);
  return new Map(all.filter(([text, count]) => count > 0 && !text.includes('"status" =')).sort((a, b) => b[1] - a[1]));
}

/** Starts `count` loans at once, waits until each is paid out, then lets each live its whole term. */
export async function runLoans(
  rig: Rig,
  count: number,
  termMonths: number,
): Promise<Throughput & { ids: string[]; statements: ReadonlyMap<string, number> }> {
  const { deps, client } = rig;
  const ids = await seed(rig, count, termMonths);
  const startedAt = Date.now();
  const now = instant(Date.now());
  await Promise.all(
    ids.map((loanId) =>
      client.workflow.start('serviceLoan', {
        workflowId: workflowShapes.loan(loanId),
        taskQueue: taskQueues.loans,
        args: [{ loanId, now }],
      }),
    ),
  );
  const remaining = async (status: string, kind?: string) => {
    const query = deps.db('loans').whereIn('id', ids).whereNot({ status });
    const waiting =
      kind === undefined ? [] : await deps.db('loans').whereIn('id', ids).whereRaw('next_kind IS DISTINCT FROM ?', [kind]).select('id');
    return (await query.select('id')).length + waiting.length;
  };
  await until(async () => (await remaining('ACTIVE', 'REMIND')) === 0);
  const startsPerSecond = perSecond(count, startedAt);
  const before = new Map(rig.statements);
  const skippedAt = Date.now();
  await skipAll(client, ids.map(workflowShapes.loan), termMonths * 31 + 5);
  await until(async () => (await remaining('CLOSED_OBLIGATIONS_MET')) === 0);
  const months = count * termMonths;
  return {
    ids,
    startsPerSecond,
    loanMonthsPerSecond: perSecond(months, skippedAt),
    statements: perLoanMonth(rig.statements, before, months),
  };
}

/** The same number of floor workflows, on the same server and worker process. */
export async function runFloor(rig: Rig, count: number, termMonths: number, label: string): Promise<Throughput> {
  const { client } = rig;
  const ids = Array.from({ length: count }, (_, index) => `floor-${label}-${String(index)}`);
  const startedAt = Date.now();
  const handles = await Promise.all(
    ids.map((workflowId) => client.workflow.start('floorLoan', { workflowId, taskQueue: 'floor', args: [termMonths] })),
  );
  const payouts = ids.map((id) => client.workflow.getHandle(`${id}-payout`));
  await until(async () => {
    const states = await Promise.all(
      payouts.map((handle) =>
        handle.describe().then(
          (description) => description.status.name,
          () => 'NONE',
        ),
      ),
    );
    return states.every((state) => state === 'COMPLETED');
  });
  const startsPerSecond = perSecond(count, startedAt);
  const skippedAt = Date.now();
  await skipAll(client, ids, termMonths * 31 + 5);
  await Promise.all(handles.map((handle) => handle.result()));
  return { startsPerSecond, loanMonthsPerSecond: perSecond(count * termMonths, skippedAt) };
}

/** What the sandbox adds to a history and production does not have. */
const SANDBOX_EVENTS = new Set([
  'EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED',
  'EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED',
]);

export interface HistoryCost {
  readonly events: number;
  readonly bytes: number;
  readonly activities: number;
}

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

function costOf(events: readonly HistoryEvent[]): HistoryCost {
  const typeOf = (event: HistoryEvent) => temporal.api.enums.v1.EventType[event.eventType ?? 0] ?? '';
  const counted = events.filter((event) => !SANDBOX_EVENTS.has(typeOf(event)));
  const bytes = counted.reduce((sum, event) => sum + temporal.api.history.v1.HistoryEvent.encode(event).finish().length, 0);
  const activities = counted.filter((event) =>
    ['EVENT_TYPE_ACTIVITY_TASK_SCHEDULED', 'EVENT_TYPE_MARKER_RECORDED'].includes(typeOf(event)),
  ).length;
  return { events: counted.length, bytes, activities };
}

async function eventsOf(client: Client, workflowId: string): Promise<HistoryEvent[]> {
  return [...((await client.workflow.getHandle(workflowId).fetchHistory()).events ?? [])] as HistoryEvent[];
}

/** One whole month on the happy path: from the firing of one debit's timer to that of the next, and the debit's child. */
export async function costPerLoanMonth(
  rig: Rig,
  loanId: string,
): Promise<{ own: HistoryCost; withChildren: HistoryCost; stateTransitions: number }> {
  const events = await eventsOf(rig.client, workflowShapes.loan(loanId));
  const children = events.filter((event) => event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowId?.startsWith('debit-'));
  const [first, second] = children;
  const from = events.indexOf(first ?? {});
  const to = events.indexOf(second ?? {});
  const own = costOf(events.slice(from, to));
  const childId = first?.startChildWorkflowExecutionInitiatedEventAttributes?.workflowId ?? '';
  const child = costOf(await eventsOf(rig.client, childId));
  const transitions = async (workflowId: string) =>
    Number((await rig.client.workflow.getHandle(workflowId).describe()).raw.workflowExecutionInfo?.stateTransitionCount ?? 0);
  const perEvent = (await transitions(workflowShapes.loan(loanId))) / events.length;
  return {
    own,
    withChildren: { events: own.events + child.events, bytes: own.bytes + child.bytes, activities: own.activities + child.activities },
    stateTransitions: perEvent * own.events + (await transitions(childId)),
  };
}
