import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** One payment as this bank booked or refused it. `accountTail`: the last four digits, for people who look. */
export interface BookEntry {
  readonly bank: string;
  readonly number: string;
  readonly kind: 'PAYOUT' | 'DEBIT';
  readonly amountFen: number;
  readonly account: string;
  readonly reference: string;
  readonly valueDate: string;
  readonly state: 'BOOKED' | 'REFUSED' | 'CLOSED';
  readonly reason: string;
}

/** What an outsider may read: the account number is cut to its tail. */
export type PublicEntry = Omit<BookEntry, 'account'> & { readonly accountTail: string };

/**
 * The banks' own books, kept apart from the lender's: append-only, and in a file when one is given, so
 * that they survive a kill. A number is booked once per bank, whatever is sent.
 */
export class Books {
  private readonly entries = new Map<string, BookEntry>();

  constructor(private readonly file?: string) {
    if (file !== undefined && existsSync(file)) {
      for (const line of readFileSync(file, 'utf8').split('\n')) if (line.endsWith('}')) this.remember(JSON.parse(line) as BookEntry);
    }
  }

  find(bank: string, number: string): BookEntry | undefined {
    return this.entries.get(`${bank}|${number}`);
  }

  add(entry: BookEntry): BookEntry {
    this.remember(entry);
    if (this.file !== undefined) appendFileSync(this.file, `${JSON.stringify(entry)}\n`);
    return entry;
  }

  /** All entries with totals per bank: movement = debits collected − payouts made. */
  report(): { banks: Record<string, { payoutsFen: number; debitsFen: number; movementFen: number }>; entries: PublicEntry[] } {
    const banks: Record<string, { payoutsFen: number; debitsFen: number; movementFen: number }> = {};
    for (const entry of this.entries.values()) {
      if (entry.state !== 'BOOKED') continue;
      const totals = (banks[entry.bank] ??= { payoutsFen: 0, debitsFen: 0, movementFen: 0 });
      if (entry.kind === 'PAYOUT') totals.payoutsFen += entry.amountFen;
      else totals.debitsFen += entry.amountFen;
      totals.movementFen = totals.debitsFen - totals.payoutsFen;
    }
    const entries = [...this.entries.values()].map(({ account, ...entry }) => ({ ...entry, accountTail: account.slice(-4) }));
    return { banks, entries };
  }

  private remember(entry: BookEntry): void {
    this.entries.set(`${entry.bank}|${entry.number}`, entry);
  }
}
