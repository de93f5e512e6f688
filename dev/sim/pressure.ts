import { businessNow } from '../../db/clock';
import { addDays } from '../../domain/time/dates';
import { ApiProblem, type BorrowerClient } from '../demo/borrower-client';
import { inventPerson } from '../demo/person';
import { command } from './operators';
import type { Action } from './script';
import { Unexpected } from './unexpected';
import type { SimWorld } from './world';
import { ADJUSTMENTS } from '../../services/loan/adjustments';

type Adjust = Extract<Action, { do: 'ADJUST' }>;

const money = (fen: number) => ({ minor: String(Math.max(1, Math.round(fen))), currency: 'CNY' });

/** What an operator decides about a loan, in the shape that the API takes. */
async function decision(world: SimWorld, loanId: string, { type, share }: Adjust): Promise<object | undefined> {
  const { db } = world.attached;
  const { today } = await businessNow(db);
  switch (type) {
    case 'CHARGE':
      return { type, component: share < 0.5 ? 'fee' : 'penalty', amount: money(share * 20_000) };
    case 'WAIVER':
      return { type, component: share < 0.5 ? 'interest' : 'penalty', amount: money(share * 5_000) };
    case 'SETTLEMENT_DISCOUNT':
      return { type, amount: money(share * 200_000) };
    case 'RATE_CHANGE':
      return { type, annualRate: `0.${String(Math.round(1 + share * 23)).padStart(2, '0')}` };
    case 'REAGE':
      return { type, count: 1 + Math.floor(share * 6), firstDueOn: addDays(today, 1 + Math.floor(share * 40)) };
    case 'REAMORTIZE':
    case 'WRITEOFF':
      return { type };
    case 'TERM_EXTENSION':
      return { type, periods: 1 + Math.floor(share * 4) };
    case 'HARDSHIP_PAUSE':
      return { type, until: addDays(today, 1 + Math.floor(share * 40)), interest: share < 0.5 ? 'accrues' : 'none' };
    case 'REVERSAL': {
      const last = await db('loan_transactions')
        .where({ loan_id: loanId })
        .whereIn('type', ADJUSTMENTS)
        .whereNot({ type })
        .orderBy('seq', 'desc')
        .first<{ key: string } | undefined>('key');
      return last && { type, of: last.key };
    }
  }
}

/** An operator adjusts a loan at any time, also while money is on its way. */
export async function adjustLoan(world: SimWorld, loanId: string, action: Adjust): Promise<void> {
  const body = await decision(world, loanId, action);
  if (body)
    await command(world, 'li', {
      method: 'POST',
      path: `/v1/ops/loans/${loanId}/adjustments`,
      body: { ...body, reason: 'simulation: an adjustment' },
    });
}

export async function holdLoan(world: SimWorld, loanId: string, days: number): Promise<void> {
  const { today } = await businessNow(world.attached.db);
  await command(world, 'li', {
    method: 'POST',
    path: `/v1/ops/loans/${loanId}/hold`,
    body: { until: addDays(today, days), reason: 'simulation: a hold' },
  });
}

export async function changeCard(world: SimWorld, loanId: string, serial: number): Promise<void> {
  const { cardNumber } = inventPerson(serial, 9);
  await command(world, 'li', {
    method: 'POST',
    path: `/v1/ops/loans/${loanId}/card`,
    body: { cardNumber, reason: 'simulation: another card' },
  });
}

/** The bank gives a refund of ours back, whatever has become of the loan. */
export async function returnRefund(world: SimWorld, pick: number): Promise<void> {
  const { entries } = await world.books();
  const { now } = await businessNow(world.attached.db);
  const refunds = entries.filter((entry) => entry.state === 'BOOKED' && entry.kind === 'PAYOUT' && entry.number.startsWith('refund-'));
  const entry = refunds[Math.floor(pick * refunds.length)];
  if (entry) await world.tell('returns', { bank: entry.bank, number: entry.number, asOf: now });
}

/** Somebody else's identity for an application that was submitted: it has to be refused. */
export async function swapIdentity(client: BorrowerClient, applicationId: string, serial: number): Promise<void> {
  const { name, idNumber, phone, email } = inventPerson(serial, 8);
  const view = await client.call<{ status: string }>('GET', `/v1/applications/${applicationId}`);
  if (view.status === 'DRAFT') return;
  await client.call('PUT', `/v1/applications/${applicationId}/steps/identity`, { name, idNumber, phone, email });
  throw new Unexpected(`an application that is ${view.status} took another identity`);
}

/** A second application beside one that is under way: refused with its id. */
export async function applyAgain(client: BorrowerClient, applicationId: string): Promise<void> {
  const { status } = await client.call<{ status: string }>('GET', `/v1/applications/${applicationId}`);
  if (!['DRAFT', 'OFFERED', 'REFLECTION_PERIOD', 'AWAITING_SIGNATURE'].includes(status)) return;
  const answer = await client.call('POST', '/v1/applications', { productId: 'consumer-installment' }).then(
    () => 'accepted',
    (error: unknown) => {
      if (error instanceof ApiProblem) return error.code;
      throw error;
    },
  );
  // The first one may have ended meanwhile.
  const after = await client.call<{ status: string }>('GET', `/v1/applications/${applicationId}`);
  if (answer === 'accepted' && after.status === status) throw new Unexpected('a second open application was accepted');
}

const HOSTILE: readonly ((id: string) => readonly [string, string, unknown])[] = [
  (id) => ['POST', `/v1/loans/${id}/payments`, { amount: { minor: 100, currency: 'CNY' } }],
  (id) => ['POST', `/v1/loans/${id}/payments`, { amount: { minor: '99999999999999999999', currency: 'CNY' } }],
  (id) => ['POST', `/v1/loans/${id}/payments`, { amount: { minor: '-5', currency: 'EUR' } }],
  (id) => ['POST', `/v1/loans/${id}/promises`, { amount: { minor: '1', currency: 'CNY' }, dueOn: '2200-02-30' }],
  (id) => ['POST', `/v1/loans/${id}%00/payments`, { payoff: true }],
  (id) => ['PUT', `/v1/applications/${id}/steps/identity`, { name: 'a\u0000b\u202e', idNumber: '1', phone: '2', email: '3' }],
  (id) => ['POST', `/v1/loans/${id}/card`, { code: "000000'--" }],
  () => ['POST', '/v1/quotes', { productId: 'x'.repeat(300_000) }],
  (id) => ['POST', `/v1/ops/loans/${id}/hold`, { until: '2026-12-01', reason: 'not an operator' }],
  (id) => ['POST', `/v1/loans/../ops/loans/${id}/adjustments`, { type: 'WRITEOFF', reason: 'not an operator' }],
];

/** What nobody honest sends is refused by a code, and changes nothing. */
export async function sendHostile(client: BorrowerClient, loanId: string, share: number): Promise<void> {
  const requestOf = HOSTILE[Math.floor(share * HOSTILE.length)];
  if (!requestOf) return;
  const [method, path, body] = requestOf(loanId);
  await client.call(method, path, body);
  throw new Unexpected(`${method} ${path} was accepted`);
}
