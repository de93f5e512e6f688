/**
 * What a test or a demo tells a bank to do. A script fits a request by bank, kind and reference (each
 * optional), works `times` times and is then used up; the first fitting one counts.
 */
export const BEHAVIOURS = [
  'ok',
  'slow',
  'no-answer',
  'reset',
  'truncated',
  'request-lost',
  'error-but-paid',
  'unlisted-code',
  'unlisted-code-but-paid',
  'not-found-then-success',
  'wrong-amount',
  'wrong-payee',
  'misdated',
  'unsigned',
  'refused',
  'refused-but-paid',
  'no-funds',
  'no-balance',
  'rate-limited',
  'pays-late',
  'returns',
] as const;

export type Behaviour = (typeof BEHAVIOURS)[number];

export interface Script {
  readonly bank?: string;
  readonly kind?: 'PAYOUT' | 'DEBIT';
  readonly reference?: string;
  readonly behaviour: Behaviour;
  /** slow: how long the answer takes, ms. */
  readonly delayMs?: number;
  /** not-found-then-success, pays-late: queries that find nothing, or an open payment, before one does. */
  readonly queriesInVain?: number;
  /** returns: how many days after it was booked the money comes back. */
  readonly afterDays?: number;
  times: number;
}

/** A bank, or one customer's payments at it, that answers nothing but 503 until a moment of business time. */
export interface Outage {
  readonly bank: string;
  readonly reference?: string;
  readonly until: string;
}

/** How a day's file is spoilt; each is used up by one download. */
export const FILE_FAULTS = [
  'late',
  'missing',
  'truncated',
  'wrong-sum',
  'wrong-count',
  'wrong-day',
  'edited',
  'empty',
  'unsigned',
] as const;
export type FileFault = (typeof FILE_FAULTS)[number];

/** A line that a day's file gets wrong although the bank's books are right: `again` stands in the next day's file as well. */
export interface LineFault {
  readonly bank: string;
  readonly number: string;
  readonly change: 'omit' | 'next-day' | 'again' | 'twice' | 'amount' | 'fee' | 'failed' | 'payee';
}

export class Scripts {
  private readonly scripts: Script[] = [];
  private readonly outages: Outage[] = [];
  private readonly fileFaults: { bank: string; date: string; fault: FileFault; times: number }[] = [];
  readonly lineFaults: LineFault[] = [];
  /** What the lender had at a bank before anything moved, where it was said; else more than it can use. */
  readonly openings = new Map<string, number>();

  add(script: Script): void {
    this.scripts.push(script);
  }

  addOutage(outage: Outage): void {
    this.outages.push(outage);
  }

  addFileFault(fault: { bank: string; date: string; fault: FileFault; times: number }): void {
    this.fileFaults.push(fault);
  }

  clear(): void {
    this.scripts.length = 0;
    this.outages.length = 0;
    this.fileFaults.length = 0;
    this.lineFaults.length = 0;
    this.openings.clear();
  }

  isOut(bank: string, reference: string, asOf: string): boolean {
    return this.outages.some(
      (outage) => outage.bank === bank && (outage.reference === undefined || outage.reference === reference) && asOf < outage.until,
    );
  }

  takeFileFault(bank: string, date: string): FileFault | undefined {
    const fault = this.fileFaults.find((each) => each.bank === bank && each.date === date && each.times > 0);
    if (fault) fault.times -= 1;
    return fault?.fault;
  }

  lineFault(bank: string, number: string): LineFault['change'] | undefined {
    return this.lineFaults.find((each) => each.bank === bank && each.number === number)?.change;
  }

  /** Takes the behaviour for a request; 'ok' when no script fits. */
  take(request: { bank: string; kind: string; reference: string }): Script {
    const script = this.scripts.find(
      (each) =>
        each.times > 0 &&
        (each.bank ?? request.bank) === request.bank &&
        (each.kind ?? request.kind) === request.kind &&
        (each.reference ?? request.reference) === request.reference,
    );
    if (!script) return { behaviour: 'ok', times: 1 };
    script.times -= 1;
    return script;
  }
}
