import { movementOf, type Books, type BookEntry } from './books';
import type { Scripts } from './scripts';

export interface PaymentRequest {
  readonly number: string;
  readonly kind: 'PAYOUT' | 'DEBIT';
  readonly amountFen: number;
  readonly account: string;
  readonly reference: string;
}

/** What a bank knows about a number, before its protocol puts it into words. */
export type Standing =
  | { readonly is: 'done' | 'taken'; readonly entry: BookEntry }
  | { readonly is: 'refused'; readonly reason: 'refused' | 'no-funds' }
  | { readonly is: 'closed' | 'not-found' | 'no-balance' | 'rate-limited' | 'unlisted' };

/** How an answer travels. */
export interface Delivery {
  readonly delayMs?: number;
  readonly fault?: 'no-answer' | 'reset' | 'truncated' | 'unsigned' | 'error';
}

export interface Answer {
  readonly standing: Standing;
  readonly delivery: Delivery;
}

/** One line of a day's file. */
export interface FileLine {
  readonly number: string;
  readonly kind: 'PAYOUT' | 'DEBIT' | 'RETURN';
  readonly amountFen: number;
  readonly feeFen: number;
  readonly booked: boolean;
  readonly accountTail: string;
  readonly valueDate: string;
  readonly comesIn: boolean;
}

export interface Habits {
  readonly name: string;
  /** A new payment is only taken in; whether it is done tells a query. */
  readonly isDoneOnQuery: boolean;
  /** A query knows no more than that it was taken in before this much business time has passed: results come in files. */
  readonly resultAfterMs?: number;
  /** Hours after the end of a day at which its file is there. */
  readonly fileAfterHours: number;
  /** What it charges for a payment, in fen; it bills by the month. */
  readonly feeFen: (kind: 'PAYOUT' | 'DEBIT', amountFen: number) => number;
}

/** Never used up by what is played. */
const OPENING_FEN = 10_000_000_000;

/** Beijing date of an instant: the banks keep their books in local days. */
const bankDate = (asOf: string) => new Date(Date.parse(asOf) + 8 * 3_600_000).toISOString().slice(0, 10);
const addDays = (date: string, days: number) => new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);

/**
 * One bank's conduct towards the lender, whatever words its protocol uses: books of its own, faults as
 * scripted. A number keeps its first fate.
 */
export class Bank {
  private readonly hidden = new Map<string, number>();
  private readonly open = new Map<string, number>();

  constructor(
    readonly habits: Habits,
    private readonly books: Books,
    private readonly scripts: Scripts,
    private readonly onBooked: (entry: BookEntry) => void,
  ) {}

  get name(): string {
    return this.habits.name;
  }

  isOut(number: string, reference: string | undefined, asOf: string): boolean {
    return this.scripts.isOut(this.name, reference ?? this.books.find(this.name, number)?.reference ?? referenceOf(number), asOf);
  }

  private book(
    payment: PaymentRequest,
    {
      asOf,
      state,
      reason,
      more = {},
    }: { readonly asOf: string; readonly state: BookEntry['state']; readonly reason: string; readonly more?: Partial<BookEntry> },
  ): BookEntry {
    const known = this.books.find(this.name, payment.number);
    if (known) return known;
    const { number, kind, amountFen, account, reference } = payment;
    const entry = this.books.add({
      bank: this.name,
      number,
      kind,
      amountFen,
      account,
      reference,
      valueDate: bankDate(asOf),
      at: asOf,
      state,
      reason,
      ...more,
    });
    if (state === 'BOOKED') this.onBooked(entry);
    return entry;
  }

  private standingOf(entry: BookEntry, isQuery: boolean, asOf: string): Standing {
    if (entry.state === 'CLOSED') return { is: 'closed' };
    if (entry.state === 'REFUSED') return { is: 'refused', reason: entry.reason === 'no-funds' ? 'no-funds' : 'refused' };
    if (entry.againstItsWord) return { is: 'refused', reason: 'refused' };
    const isEarly = entry.at !== undefined && Date.parse(asOf) < Date.parse(entry.at) + (this.habits.resultAfterMs ?? 0);
    return { is: (this.habits.isDoneOnQuery && !isQuery) || isEarly ? 'taken' : 'done', entry };
  }

  send(payment: PaymentRequest, asOf: string): Answer {
    const known = this.books.find(this.name, payment.number);
    if (known) return { standing: this.standingOf(known, false, asOf), delivery: {} };
    const script = this.scripts.take({ bank: this.name, kind: payment.kind, reference: payment.reference });
    const pay = () => this.standingOf(this.book(payment, { asOf, state: 'BOOKED', reason: 'ok' }), false, asOf);
    const plain = (standing: Standing, delivery: Delivery = {}): Answer => ({ standing, delivery });
    if (payment.kind === 'PAYOUT' && this.scripts.openings.has(this.name) && payment.amountFen > this.balanceFen(asOf))
      return plain({ is: 'no-balance' });
    switch (script.behaviour) {
      case 'ok':
        return plain(pay());
      case 'slow':
        return plain(pay(), { delayMs: script.delayMs ?? 1_000 });
      case 'no-answer':
      case 'reset':
      case 'truncated':
      case 'unsigned':
        return plain(pay(), { fault: script.behaviour });
      case 'request-lost':
        return plain({ is: 'not-found' }, { fault: 'reset' });
      case 'error-but-paid':
        return plain(pay(), { fault: 'error' });
      case 'unlisted-code-but-paid':
        pay();
        return plain({ is: 'unlisted' });
      case 'unlisted-code':
        this.book(payment, { asOf, state: 'REFUSED', reason: 'refused' });
        return plain({ is: 'unlisted' });
      case 'wrong-amount':
      case 'wrong-payee': {
        const entry = this.book(payment, { asOf, state: 'BOOKED', reason: 'ok' });
        const told =
          script.behaviour === 'wrong-amount' ? { ...entry, amountFen: entry.amountFen + 1 } : { ...entry, account: '6200000000000000000' };
        return plain({ is: 'done', entry: told });
      }
      case 'misdated': {
        const entry = this.book(payment, { asOf, state: 'BOOKED', reason: 'ok' });
        return plain({ is: 'done', entry: { ...entry, valueDate: addDays(entry.valueDate, 400) } });
      }
      case 'not-found-then-success':
        pay();
        this.hidden.set(payment.number, script.queriesInVain ?? 2);
        return plain({ is: 'not-found' }, { fault: 'no-answer' });
      case 'pays-late': {
        const entry = this.book(payment, { asOf, state: 'BOOKED', reason: 'ok' });
        this.open.set(payment.number, script.queriesInVain ?? 3);
        return plain({ is: 'taken', entry });
      }
      case 'returns': {
        const entry = this.book(payment, { asOf, state: 'BOOKED', reason: 'ok' });
        this.giveBack(entry, addDays(entry.valueDate, script.afterDays ?? 2), 'returned');
        return plain(this.standingOf(entry, false, asOf));
      }
      case 'refused':
      case 'no-funds':
        return plain(this.standingOf(this.book(payment, { asOf, state: 'REFUSED', reason: script.behaviour }), false, asOf));
      case 'refused-but-paid':
        this.book(payment, { asOf, state: 'BOOKED', reason: 'ok', more: { againstItsWord: true } });
        return plain({ is: 'refused', reason: 'refused' });
      case 'no-balance':
      case 'rate-limited':
        return plain({ is: script.behaviour });
    }
  }

  query(number: string, asOf: string): Standing {
    const entry = this.books.find(this.name, number);
    const inVain = this.hidden.get(number) ?? 0;
    if (inVain > 0) this.hidden.set(number, inVain - 1);
    if (!entry || inVain > 0) return { is: 'not-found' };
    const open = this.open.get(number) ?? 0;
    if (open > 0) {
      this.open.set(number, open - 1);
      return { is: 'taken', entry };
    }
    return this.standingOf(entry, true, asOf);
  }

  /** A number that was never booked is fenced: a late request for it will find it closed. */
  close(number: string, asOf: string): Standing {
    const payment = { number, kind: 'PAYOUT' as const, amountFen: 0, account: '', reference: '' };
    const entry = this.books.find(this.name, number) ?? this.book(payment, { asOf, state: 'CLOSED', reason: 'closed' });
    return this.standingOf(entry, true, asOf);
  }

  /** Asked to bring a payment back, the bank does so on its next day. */
  recall(number: string, asOf: string): 'accepted' | 'not-found' {
    const entry = this.books.find(this.name, number);
    if (entry?.state !== 'BOOKED') return 'not-found';
    this.giveBack(entry, addDays(bankDate(asOf), 1), 'recalled');
    return 'accepted';
  }

  private giveBack(entry: BookEntry, valueDate: string, reason: string): void {
    if (this.books.findReturn(this.name, entry.number) || entry.kind === 'RETURN') return;
    this.books.add({ ...entry, kind: 'RETURN', returns: entry.kind, valueDate, reason });
  }

  /** The lender's balance: what moved up to now, over what it had before. */
  balanceFen(asOf: string): number {
    const today = bankDate(asOf);
    return this.books
      .report()
      .entries.filter((entry) => entry.bank === this.name && entry.valueDate <= today)
      .reduce((sum, entry) => sum + movementOf({ ...entry, account: '' }), this.scripts.openings.get(this.name) ?? OPENING_FEN);
  }

  isFileReady(date: string, asOf: string): boolean {
    return Date.parse(`${date}T16:00:00Z`) + this.habits.fileAfterHours * 3_600_000 <= Date.parse(asOf);
  }

  /** What really moved on a day. */
  trueLinesOf(date: string): FileLine[] {
    return this.books.ofDay(this.name, date).map((entry) => this.lineOf(entry));
  }

  /** The lines of the day's file, with the scripted mistakes. */
  linesOf(date: string): FileLine[] {
    const late = this.books.ofDay(this.name, addDays(date, -1)).filter((entry) => {
      const fault = this.scripts.lineFault(this.name, entry.number);
      return entry.kind !== 'RETURN' && (fault === 'next-day' || fault === 'again');
    });
    return [...late, ...this.books.ofDay(this.name, date)].flatMap((entry) => {
      const own = this.lineOf(entry);
      // A mistake is made once: about the payment, not about its return.
      switch (entry.kind === 'RETURN' ? undefined : this.scripts.lineFault(this.name, entry.number)) {
        case undefined:
        case 'again':
          return [own];
        case 'omit':
          return [];
        case 'next-day':
          return entry.valueDate === date ? [] : [own];
        case 'twice':
          return [own, own];
        case 'amount':
          return [{ ...own, amountFen: own.amountFen + 100 }];
        case 'fee':
          return [{ ...own, feeFen: own.feeFen + 5 }];
        case 'failed':
          return [{ ...own, booked: false, feeFen: 0 }];
        case 'payee':
          return [{ ...own, accountTail: '0000' }];
      }
    });
  }

  private lineOf(entry: BookEntry): FileLine {
    return {
      number: entry.number,
      kind: entry.kind,
      amountFen: entry.amountFen,
      feeFen: entry.kind === 'RETURN' ? 0 : this.habits.feeFen(entry.kind, entry.amountFen),
      booked: true,
      accountTail: entry.account.slice(-4),
      valueDate: entry.valueDate,
      comesIn: movementOf(entry) > 0,
    };
  }

  fileFault(date: string) {
    return this.scripts.takeFileFault(this.name, date);
  }
}

/** The customer's reference inside one of the lender's numbers, for payments that were never booked. */
function referenceOf(number: string): string {
  return number.split('-')[1] ?? '';
}
