import { z } from 'zod';
import { readCommand } from '../../db/commands';
import { LoanloomError } from '../../domain/errors';
import { ownLoan } from '../access';
import { route } from '../route';
import { commandResponses, commandSchema, commandView, submit } from '../submit';
import { dateSchema, fenOf, moneySchema } from '../wire';
import { loanParams } from './loans';

const tag = 'Payments';

const pay = route({
  method: 'post',
  path: '/v1/loans/{loanId}/payments',
  summary: 'Pay an amount now, or the whole loan off; the outcome follows under /payments/{result.paymentId}',
  tag,
  role: 'borrower',
  idempotencyKey: 'required',
  params: loanParams,
  body: z.union([z.strictObject({ amount: moneySchema }), z.strictObject({ payoff: z.literal(true) })]),
  responses: commandResponses,
  handle: async (deps, { caller, params, body, rawBody, idempotencyKey }) => {
    const { loan } = await ownLoan(deps.db, caller, params.loanId);
    const amountFen = 'payoff' in body ? 'PAYOFF' : fenOf(body.amount);
    return submit(deps, caller, { operation: 'PAY', subject: loan.id, body: { amountFen }, rawBody, idempotencyKey });
  },
});

const promise = route({
  method: 'post',
  path: '/v1/loans/{loanId}/promises',
  summary: 'Promise to pay what is overdue by a date; contacts stop until then',
  tag,
  role: 'borrower',
  idempotencyKey: 'required',
  params: loanParams,
  body: z.strictObject({ amount: moneySchema, dueOn: dateSchema }),
  responses: commandResponses,
  handle: async (deps, { caller, params, body, rawBody, idempotencyKey }) => {
    const { loan } = await ownLoan(deps.db, caller, params.loanId);
    return submit(deps, caller, {
      operation: 'PROMISE_TO_PAY',
      subject: loan.id,
      body: { amountFen: fenOf(body.amount), dueOn: body.dueOn },
      rawBody,
      idempotencyKey,
    });
  },
});

const withdrawal = route({
  method: 'post',
  path: '/v1/loans/{loanId}/withdrawal',
  summary: 'Withdraw after the payout, where the product grants it: principal and the interest of the days go back, without any fee',
  tag,
  role: 'borrower',
  idempotencyKey: 'required',
  params: loanParams,
  responses: commandResponses,
  handle: async (deps, { caller, params, idempotencyKey }) => {
    const { loan } = await ownLoan(deps.db, caller, params.loanId);
    return submit(deps, caller, { operation: 'WITHDRAW_AFTER_PAYOUT', subject: loan.id, body: {}, rawBody: null, idempotencyKey });
  },
});

const status = route({
  method: 'get',
  path: '/v1/commands/{commandId}',
  summary: 'What became of a command',
  tag: 'Commands',
  role: 'borrower',
  params: z.strictObject({ commandId: z.uuid() }),
  responses: { 200: { description: 'The command', schema: commandSchema } },
  handle: async (deps, { caller, params }) => {
    const command = await readCommand(deps.db, params.commandId);
    if (command.caller !== caller.name) throw new LoanloomError('NOT_FOUND', 'there is no such command');
    return { status: 200, body: commandView(command) };
  },
});

export const loanCommandRoutes = [pay, promise, withdrawal, status];
