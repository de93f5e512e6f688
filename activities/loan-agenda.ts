import { laterOf, type Instant } from '../domain/time/dates';
import type { Appointment } from '../domain/loan/appointment';
import { type LoanOutlook, look, appointmentOf } from '../services/loan/outlook';
import type { ActivityDeps } from '../services/deps';
import { lockLoan, updateLoan } from '../db/loan/loans';
import { readLoanFile } from '../db/loan/loan-file';
import { keepAppointment } from '../services/loan/appointments';
import { addTrouble } from '../db/outbox';
import { planContact } from '../services/contact/contacts';
export type { LoanOutlook } from '../services/loan/outlook';

export function createLoanAgendaActivities(deps: ActivityDeps) {
  return {
    /** Folds the account and decides what comes next; records it as the loan's report (cursor, next appointment). Idempotent. */
    lookAhead: (input: { loanId: string; at: Instant }): Promise<LoanOutlook> => look(deps, deps.db, input),

    /**
     * Performs an appointment that touches only our database, under its own business date, then looks
     * ahead again. Its key makes a repetition harmless.
     */
    async performAppointment(input: { loanId: string; appointment: Appointment; at: Instant }): Promise<LoanOutlook> {
      const { appointment } = input;
      const moment = laterOf(input.at, appointment.at ?? input.at);
      return deps.db.transaction(async (tx) => {
        await lockLoan(tx, input.loanId);
        const file = await readLoanFile(tx, input.loanId);
        // What was committed since the loan last looked may have made it needless.
        if (appointmentOf(deps, file, moment).key === appointment.key) await keepAppointment(deps, tx, file, { appointment, at: moment });
        return look(deps, tx, { loanId: input.loanId, at: input.at });
      });
    },

    /** A workflow cannot go on: an alarm, at most one a day for each fault, and a loan's mark for people. */
    async noteTrouble(input: { workflowId: string; code: string }): Promise<void> {
      await deps.db.transaction(async (tx) => {
        await addTrouble(tx, input);
        const loan = await tx('loans').whereRaw(`'loan-' || id = ?`, [input.workflowId]).first<{ id: string } | undefined>('id');
        if (loan)
          await updateLoan(tx, loan.id, {
            attention: { kind: 'CANNOT_GO_ON', text: `the loan cannot go on: ${input.code}`, sticky: false },
          });
      });
    },

    /** Someone asked Temporal to cancel the loan: that is not how a loan ends, so a person has to look. */
    async refuseCancellation(input: { loanId: string }): Promise<void> {
      await updateLoan(deps.db, input.loanId, {
        attention: {
          kind: 'CANCELLATION_REFUSED',
          text: 'a cancellation of the workflow was requested and refused: use "npx loan ops" instead',
          sticky: true,
        },
      });
    },

    /** For loans whose history began before contacts were rows: the same, as an activity. */
    async contactBorrower(input: { loanId: string; appointment: Appointment; at: Instant }): Promise<void> {
      await deps.db.transaction(async (tx) => {
        await lockLoan(tx, input.loanId);
        const file = await readLoanFile(tx, input.loanId);
        if (appointmentOf(deps, file, input.at).key === input.appointment.key) await planContact(deps, tx, file, input);
      });
    },
  };
}
