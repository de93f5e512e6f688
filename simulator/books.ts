import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** What a bank booked, refused or fenced; a RETURN takes a booked payment back on a later day. */
export interface BookEntry {
  readonly bank: string;
  readonly number: string;
  readonly kind: 'PAYOUT' | 'DEBIT' | 'RETURN';
  /** RETURN: what kind of payment came back. */
  readonly returns?: 'PAYOUT' | 'DEBIT';
  readonly amountFen: number;
  readonly account: string;
  readonly reference: string;
  readonly valueDate: string;
  /** Business time at which the bank took it in. */
  readonly at?: string;
  readonly state: 'BOOKED' | 'REFUSED' | 'CLOSED';
  readonly reason: string;
  /** The bank moved the money although it had said that it never would: its own admission. */
  readonly againstItsWord?: boolean;
}

/** What an outsider may read: the account number is cut to its tail. */
export type PublicEntry = Omit<BookEntry, 'account'> & { readonly accountTail: string };

/** What an entry did to the lender's balance at the bank: debits and returned payouts come in, the rest goes out. */
export function movementOf(entry: BookEntry): number {
  if (entry.state !== 'BOOKED') return 0;
  const comesIn = entry.kind === 'DEBIT' || entry.returns === 'PAYOUT';
  return comesIn ? entry.amountFen : -entry.amountFen;
}

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

  findReturn(bank: string, number: string): BookEntry | undefined {
    return this.entries.get(`${bank}|${number}|RETURN`);
  }

  add(entry: BookEntry): BookEntry {
    this.remember(entry);
    if (this.file !== undefined) appendFileSync(this.file, `${JSON.stringify(entry)}\n`);
    return entry;
  }

  /** What moved at a bank on a day, by number. */
  ofDay(bank: string, date: string): BookEntry[] {
    return [...this.entries.values()]
      .filter((entry) => entry.bank === bank && entry.valueDate === date && entry.state === 'BOOKED')
      .sort((a, b) => (a.number < b.number ? -1 : 1));
  }

  /** All entries with totals per bank: movement = what came in − what went out. */
  report(): {
    banks: Record<string, { payoutsFen: number; debitsFen: number; returnsFen: number; movementFen: number }>;
    entries: PublicEntry[];
  } {
    const banks: Record<string, { payoutsFen: number; debitsFen: number; returnsFen: number; movementFen: number }> = {};
    for (const entry of this.entries.values()) {
      if (entry.state !== 'BOOKED') continue;
      const totals = (banks[entry.bank] ??= { payoutsFen: 0, debitsFen: 0, returnsFen: 0, movementFen: 0 });
      if (entry.kind === 'PAYOUT') totals.payoutsFen += entry.amountFen;
      else if (entry.kind === 'DEBIT') totals.debitsFen += entry.amountFen;
      else totals.returnsFen += movementOf(entry);
      totals.movementFen += movementOf(entry);
    }
    const entries = [...this.entries.values()].map(({ account, ...entry }) => ({ ...entry, accountTail: account.slice(-4) }));
    return { banks, entries };
  }

  private remember(entry: BookEntry): void {
    this.entries.set(`${entry.bank}|${entry.number}${entry.kind === 'RETURN' ? '|RETURN' : ''}`, entry);
  }
}
