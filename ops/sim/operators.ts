import { randomUUID } from 'node:crypto';
import { mintToken } from '../../api/auth';
import { businessNow } from '../../db/clock';
import { epochMs, instant } from '../../domain/dates';
import { ApiProblem } from '../demo/borrower-client';
import type { SimWorld } from './world';

async function command<T>(world: SimWorld, name: string, method: string, path: string, body?: object): Promise<T> {
  const token = await mintToken(world.attached.tokenSecret, 'operator', name, 1);
  const response = await fetch(`${world.apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const payload = (await response.json()) as T & { code?: string; detail?: string };
  if (!response.ok) throw new ApiProblem(response.status, payload.code ?? '', payload.detail ?? '');
  return payload;
}

/** Two operators at work: stuck payouts are tried again, breaks that will not heal are cleared by four eyes. */
export async function operate(world: SimWorld): Promise<void> {
  const { db } = world.attached;
  const stuck = await db('loans').where({ next_kind: 'AWAIT_OPERATOR' }).orderBy('id').limit(2).select<{ id: string }[]>('id');
  for (const { id } of stuck)
    await command(world, 'li', 'POST', `/v1/ops/loans/${id}/payout-retry`, { reason: 'simulation: try again' }).catch(ignoreProblem);
  const { now } = await businessNow(db);
  const old = await db('breaks')
    .where({ state: 'OPEN', suspense_fen: 0 })
    .where('due_on', '<', instant(epochMs(now)).slice(0, 10))
    .orderBy('id')
    .limit(2)
    .select<{ id: string }[]>('id');
  for (const { id } of old) {
    const reason = 'simulation: the channel explained it';
    await command(world, 'li', 'POST', `/v1/ops/breaks/${id}/proposal`, { proposal: 'ACCEPT', reason }).catch(ignoreProblem);
    await command(world, 'wang', 'POST', `/v1/ops/breaks/${id}/decision`, { approve: true, reason }).catch(ignoreProblem);
  }
}

function ignoreProblem(error: unknown): void {
  if (!(error instanceof ApiProblem)) throw error;
}
