import { patched } from '@temporalio/workflow';

/** A change of a workflow that histories of before do not know: runs that began without it go on without it. */
interface Version {
  /** The patch id, as histories have it: never changed. */
  readonly id: string;
  readonly since: string;
  readonly why: string;
  /** When `patched` may become `deprecatePatch`, and go. */
  readonly mayGo: string;
}

const version = (id: string, since: string, why: string, mayGo: string): Version => ({ id, since, why, mayGo });

/** Every version of a workflow that is still told apart. */
export const VERSIONS = {
  contactsLeaveByDispatcher: version(
    'contacts-leave-by-dispatcher',
    '2026-11-25',
    'a loan waits for no mail server: contacts are rows that the relay delivers',
    'when no run of serviceLoan is older than a quarter (RUN_MS)',
  ),
  debitFailover: version(
    'debit-failover',
    '2026-11-25',
    'a send that reached nobody leaves the debit open: it goes over another channel',
    'when no debitLoan of before is running: a day',
  ),
  identityBesideTheLoop: version(
    'identity-beside-the-loop',
    '2026-11-25',
    'an identity source that is away keeps no application from being cancelled',
    'when no run of originateLoan is older than a draft may be (draftValidDays)',
  ),
  timeFromTheDatabase: version(
    'time-from-the-database',
    '2026-11-25',
    'only the database’s clock is believed ahead of the workflow’s own, not a sender’s',
    'when no run of serviceLoan is older than a quarter (RUN_MS)',
  ),
} as const;

/** Whether this run has the version. The first call in a run decides, and is recorded. */
export const has = ({ id }: Version): boolean => patched(id);
