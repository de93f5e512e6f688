import { z } from 'zod';
import { LoanloomError } from '../../domain/errors';
import { OPEN_LOANS } from '../../domain/states';
import { confirmCard } from '../../services/party/card-check';
import { ownLoan } from '../access';
import { sendCode, storeConfirmed } from '../codes';
import { route } from '../route';
import { commandResponses, deliver, submit } from '../submit';
import { cardNumberSchema } from './application-steps';
import { loanParams } from './loans';

const tag = 'Cards';

function assertOpen(status: string): void {
  if (!OPEN_LOANS.some((open) => open === status))
    throw new LoanloomError('LOAN_NOT_ACTIVE', `the loan is ${status}: nothing more is paid from a card or to one`, { status });
}

const requestCode = route({
  method: 'post',
  path: '/v1/loans/{loanId}/card-codes',
  summary: 'Name another card of yours for this loan and have a one-time code mailed that confirms it',
  tag,
  role: 'borrower',
  idempotencyKey: 'optional',
  params: loanParams,
  body: z.strictObject({ cardNumber: cardNumberSchema }),
  responses: { 201: { description: 'The code is on its way', schema: z.object({ expiresAt: z.string() }) } },
  handle: async (deps, { caller, params, body, idempotencyKey }) => {
    const { loan } = await ownLoan(deps.db, caller, params.loanId);
    assertOpen(loan.status);
    const bankCardId = await deps.borrowers.saveCard(deps.db, loan.borrower_id, body.cardNumber);
    await confirmCard(deps, loan.borrower_id, bankCardId);
    const expiresAt = await deps.db.transaction((tx) =>
      sendCode(deps, tx, {
        key: idempotencyKey,
        applicationId: loan.id,
        borrowerId: loan.borrower_id,
        purpose: 'CARD',
        template: 'card-code',
        bankCardId,
      }),
    );
    return { status: 201, body: { expiresAt: expiresAt.toISOString() } };
  },
});

const change = route({
  method: 'post',
  path: '/v1/loans/{loanId}/card',
  summary: 'Use the card that the mailed code confirms for everything that is still to move',
  tag,
  role: 'borrower',
  idempotencyKey: 'required',
  params: loanParams,
  body: z.strictObject({ code: z.string().regex(/^\d{6}$/) }),
  responses: commandResponses,
  handle: async (deps, { caller, params, body, rawBody, idempotencyKey }) => {
    const { loan } = await ownLoan(deps.db, caller, params.loanId);
    const row = await storeConfirmed(deps, caller, {
      operation: 'CHANGE_CARD',
      applicationId: loan.id,
      purpose: 'CARD',
      entered: body.code,
      rawBody,
      idempotencyKey,
      body: ({ bankCardId }) => ({ bankCardId: bankCardId ?? '' }),
    });
    return deliver(deps, row);
  },
});

const changeByOperator = route({
  method: 'post',
  path: '/v1/ops/loans/{loanId}/card',
  summary: 'Use another card of the borrower, who proved by other means that it is theirs',
  tag: 'Operations',
  role: ['clerk', 'approver'],
  idempotencyKey: 'required',
  params: loanParams,
  body: z.strictObject({ cardNumber: cardNumberSchema, reason: z.string().trim().min(3).max(500) }),
  responses: commandResponses,
  handle: async (deps, { caller, params, body, idempotencyKey }) => {
    const { loan } = await ownLoan(deps.db, caller, params.loanId);
    const bankCardId = await deps.borrowers.saveCard(deps.db, loan.borrower_id, body.cardNumber);
    await confirmCard(deps, loan.borrower_id, bankCardId);
    const command = { bankCardId, reason: body.reason };
    // The card's number is personal data: repetitions are compared by the id of its row.
    return submit(deps, caller, { operation: 'CHANGE_CARD', subject: loan.id, body: command, rawBody: command, idempotencyKey });
  },
});

export const cardRoutes = [requestCode, change, changeByOperator];
