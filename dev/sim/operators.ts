import { randomUUID } from 'node:crypto';
import { businessNow } from '../../db/clock';
import type { Attached } from '../../ops/attach';
import { engage, tokenOf } from '../../ops/operator-keys';
import { ApiProblem } from '../demo/borrower-client';
import type { SimWorld } from './world';

/** Two people, who may do everything together and nothing that needs four eyes alone. */
export async function engageOperators(attached: Attached): Promise<void> {
  for (const [index, name] of ['li', 'wang'].entries())
    await engage(attached, name, `SIM-${String(index)}`, ['clerk', 'approver', 'treasurer']);
}

/** An operator's request over the API. */
export async function command<T>(
  world: SimWorld,
  name: string,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body?: object },
): Promise<T> {
  const token = await tokenOf(world.attached, name);
  const response = await fetch(`${world.apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const payload = (await response.json()) as T & { code?: string; detail?: string };
  if (!response.ok) throw new ApiProblem(response.status, payload.code ?? '', payload.detail ?? '');
  return payload;
}

interface OldBreak {
  readonly id: string;
  readonly suspense_fen: number;
  readonly loan_id: string | null;
}

/** How two operators would clear a break that does not heal: money that came in is a loan's, what went out is lost. */
async function clearingOf(world: SimWorld, row: OldBreak): Promise<{ proposal: string; loanId?: string }> {
  if (row.suspense_fen === 0) return { proposal: 'ACCEPT' };
  if (row.suspense_fen < 0) return { proposal: 'WRITE_OFF' };
  if (row.loan_id !== null) return { proposal: 'APPLY' };
  const loan = await world.attached.db('loans').where({ status: 'ACTIVE' }).orderBy('id').first<{ id: string } | undefined>('id');
  return loan ? { proposal: 'APPLY', loanId: loan.id } : { proposal: 'WRITE_OFF' };
}

/** Two operators at work: stuck payouts are tried again, breaks that will not heal are cleared by four eyes. */
export async function operate(world: SimWorld): Promise<void> {
  const { db } = world.attached;
  const stuck = await db('loans').where({ next_kind: 'AWAIT_OPERATOR' }).orderBy('id').limit(2).select<{ id: string }[]>('id');
  for (const { id } of stuck)
    await command(world, 'li', {
      method: 'POST',
      path: `/v1/ops/loans/${id}/payout-retry`,
      body: { reason: 'simulation: try again' },
    }).catch(ignoreProblem);
  // Every second proposal is refused by the second operator.
  const proposals = await db('adjustment_proposals')
    .where({ state: 'PROPOSED' })
    .orderBy('proposed_at')
    .limit(3)
    .select<{ id: string; loan_id: string }[]>('id', 'loan_id');
  for (const [index, { id, loan_id: loanId }] of proposals.entries())
    await command(world, 'wang', {
      method: 'POST',
      path: `/v1/ops/loans/${loanId}/adjustments/${id}/decision`,
      body: {
        verdict: index % 2 === 0 ? 'APPROVE' : 'REFUSE',
        reason: 'simulation: a second pair of eyes',
      },
    }).catch(ignoreProblem);
  const { now } = await businessNow(db);
  const overdue = db('breaks').where({ state: 'OPEN' }).where('due_on', '<', now.slice(0, 10));
  // A claim on a channel is not given up before its money had a week to come back.
  const old = await overdue
    .whereRaw('(suspense_fen >= 0 OR due_on < ?::date - 7)', [now.slice(0, 10)])
    .orderBy('id')
    .limit(2)
    .select<OldBreak[]>('id', 'suspense_fen', 'loan_id');
  for (const row of old) {
    const reason = 'simulation: the channel explained it';
    const proposal = await clearingOf(world, row);
    await command(world, 'li', { method: 'POST', path: `/v1/ops/breaks/${row.id}/proposal`, body: { ...proposal, reason } }).catch(
      ignoreProblem,
    );
    await command(world, 'wang', { method: 'POST', path: `/v1/ops/breaks/${row.id}/decision`, body: { approve: true, reason } }).catch(
      ignoreProblem,
    );
  }
}

function ignoreProblem(error: unknown): void {
  if (!(error instanceof ApiProblem)) throw error;
}
