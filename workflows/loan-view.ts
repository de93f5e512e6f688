import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { SearchAttributePair } from '@temporalio/common';
import type { LoanOutlook } from '../activities/loan-agenda';
import { at as instantAt, type Instant } from '../domain/time/dates';
import { loanDetails } from './details';
import { searchAttributes } from './search-attributes';

/** What operators see of a loan in the Web UI: attributes to search by, and a table of what it waits for. */
export class LoanView {
  private published = '';
  private waitingFor = '';
  private since: Instant = '' as Instant;

  constructor(private readonly loanId: string) {}

  show(outlook: LoanOutlook, now: Instant): void {
    const { appointment } = outlook;
    const waitingFor = `${appointment.kind}: ${appointment.key}`;
    if (waitingFor !== this.waitingFor) this.since = now;
    this.waitingFor = waitingFor;
    setCurrentDetails(loanDetails(this.loanId, outlook, this.since));
    this.publish(outlook);
  }

  /** An upsert costs an event and some seventy index rows, so only a change is published. */
  private publish(outlook: LoanOutlook): void {
    const attributes = [
      outlook.status,
      outlook.bucket,
      outlook.channel ?? 'none',
      outlook.nextDueOn ?? '',
      String(outlook.needsAttention !== null),
    ];
    const fingerprint = attributes.join('|');
    if (fingerprint === this.published) return;
    this.published = fingerprint;
    const pairs: SearchAttributePair[] = [
      { key: searchAttributes.loanStatus, value: outlook.status },
      { key: searchAttributes.delinquencyBucket, value: outlook.bucket },
      { key: searchAttributes.channel, value: outlook.channel ?? 'none' },
      { key: searchAttributes.needsAttention, value: outlook.needsAttention !== null },
    ];
    if (outlook.nextDueOn !== null) pairs.push({ key: searchAttributes.nextDueOn, value: new Date(instantAt(outlook.nextDueOn, '00:00')) });
    upsertSearchAttributes(pairs);
  }
}
