import type { Client } from '@temporalio/client';
import { readApplication } from '../db/application/applications';
import { sealedDocument } from '../services/application/sealing';
import { newAddressOf } from '../services/party/identity-change';
import { dispatchContact, giveUpContact } from '../services/contact/contacts';
import type { ActivityDeps } from '../services/deps';
import { renderAlarm, renderMail } from '../services/contact/mail-templates';
import { businessNow } from '../db/clock';
import type { OutboxRow } from '../db/outbox';
import type { Instant } from '../domain/time/dates';
import { taskQueues } from '../domain/ids';
import { OPEN_LOANS, type LoanStatus } from '../domain/states';
import { queryNow } from '../workflows/disburse-loan.messages';
import { resolveBreak } from '../workflows/resolve-break';
import { breakChanged } from '../workflows/resolve-break.messages';
import { factsChanged } from '../workflows/service-loan.messages';
import { disbursementOfEpoch } from '../db/payment/restore';
import { restartLoan } from '../temporal/restart-loan';
import { workflowShapes } from '../domain/keys';

/** A workflow that is gone needs no notice: what it has to know is in Postgres when it comes back. */
const isGone = (error: unknown) => error instanceof Error && error.name === 'WorkflowNotFoundError';

/** SMTP says 5xx: this mailbox will never take this message. */
const isRefusedForGood = (error: unknown) =>
  typeof error === 'object' && error !== null && 'responseCode' in error && Number(error.responseCode) >= 500;

/** How a delivery ended. FAILED is for good; LATER names when it may be tried. */
export type Delivery = { readonly state: 'DELIVERED' | 'FAILED' | 'AGAIN' } | { readonly state: 'LATER'; readonly at: Instant };

/** Tries of a message that people read before it is given up: about a day. */
const MESSAGE_TRIES_MAX = 300;

/** Delivers rows of the outbox, each outside any transaction; every receiver knows the row's key. */
export class Deliverer {
  constructor(
    private readonly deps: ActivityDeps,
    private readonly client: Client,
    private readonly alarmsTo: string,
  ) {}

  async deliver(row: OutboxRow): Promise<Delivery> {
    try {
      return await this.send(row);
    } catch (error) {
      if (isGone(error)) return { state: 'DELIVERED' };
      const isMessage = row.topic === 'mail' || row.topic === 'contact' || row.topic === 'alarm';
      const isOver = isMessage && (isRefusedForGood(error) || row.attempts >= MESSAGE_TRIES_MAX);
      this.deps.log.warn(
        { key: row.key, topic: row.topic, attempts: row.attempts, error: error instanceof Error ? error.name : 'unknown' },
        isOver ? 'delivery is given up' : 'delivery failed; it is tried again',
      );
      if (isOver && row.topic === 'contact') await giveUpContact(this.deps, row.subject, String(row.payload.contact));
      return { state: isOver ? 'FAILED' : 'AGAIN' };
    }
  }

  private async send(row: OutboxRow): Promise<Delivery> {
    const { deps, client } = this;
    const { now } = await businessNow(deps.db);
    switch (row.topic) {
      case 'loan.fact':
        await this.tellLoan(row.subject, now);
        break;
      case 'break':
        await client.workflow.signalWithStart(resolveBreak, {
          workflowId: workflowShapes.break(row.subject),
          taskQueue: taskQueues.loans,
          staticSummary: `reconciliation break ${row.subject}`,
          args: [{ breakId: row.subject, now }],
          signal: breakChanged,
        });
        break;
      case 'payment.hint':
        await this.passHint(row.subject, now);
        break;
      case 'contact': {
        const dispatched = await dispatchContact(deps, row.subject, String(row.payload.contact));
        if (dispatched.next === 'LATER') return { state: 'LATER', at: dispatched.at };
        break;
      }
      case 'alarm':
        await deps.mailer.send({ to: this.alarmsTo, key: row.key, ...renderAlarm(row.subject, row.payload) });
        break;
      case 'mail':
        await this.mail(row);
    }
    return { state: 'DELIVERED' };
  }

  private async mail(row: OutboxRow): Promise<void> {
    const { borrowers, db, mailer } = this.deps;
    const { identityChange, place, attachment, ...payload } = row.payload;
    const email =
      identityChange === undefined
        ? (await borrowers.identity(db, row.subject)).email
        : await newAddressOf(this.deps, String(identityChange), place === 'phone' || place === 'previous' ? place : 'email');
    const secret = row.secret_enc === null ? {} : { secret: await this.openSecret(row) };
    const attachments = attachment === 'contract' ? await this.contract(String(payload.applicationId)) : [];
    await mailer.send({ to: email, key: row.key, ...renderMail({ ...payload, ...secret }), attachments });
  }

  /** A copy of a sealed contract. */
  private async contract(id: string) {
    const sealed = await sealedDocument(this.deps, this.deps.db, await readApplication(this.deps.db, id));
    return sealed === undefined ? [] : [{ filename: `contract-${id}.pdf`, contentType: 'application/pdf', content: sealed.document }];
  }

  /** A loan that is open and has no workflow (a returned payment reopened it) gets one; a closed one needs no notice. */
  private async tellLoan(loanId: string, now: Instant): Promise<void> {
    try {
      await this.client.workflow.getHandle(workflowShapes.loan(loanId)).signal(factsChanged, { at: now });
    } catch (error) {
      if (!isGone(error)) throw error;
      const loan = await this.deps.db('loans').where({ id: loanId }).first<{ status: LoanStatus } | undefined>('status');
      if (loan && OPEN_LOANS.includes(loan.status)) await restartLoan(this.client, loanId, now);
    }
  }

  /** A channel says that something happened to a payment: its workflow asks now instead of later. */
  private async passHint(number: string, now: Instant): Promise<void> {
    const attempt = await this.deps
      .db('payment_attempts as a')
      .join('payment_instructions as i', 'i.id', 'a.instruction_id')
      .where('a.number', number)
      .first<{ id: string; direction: string; loan_id: string } | undefined>('i.id', 'i.direction', 'i.loan_id');
    if (!attempt) return;
    if (attempt.direction !== 'DEBIT')
      await this.client.workflow.getHandle(await disbursementOfEpoch(this.deps.db, attempt.id)).signal(queryNow);
    else {
      await this.deps.db('payment_instructions').where({ id: attempt.id }).update({ hinted_at: now });
      await this.tellLoan(attempt.loan_id, now);
    }
  }

  private async openSecret(row: OutboxRow): Promise<string> {
    const person = await this.deps.borrowers.personVault(this.deps.db, row.subject);
    return person.decrypt({ table: 'outbox', column: 'secret_enc', row: row.key }, row.secret_enc ?? Buffer.alloc(0));
  }
}
