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
  'unsigned',
  'refused',
  'no-funds',
  'no-balance',
  'rate-limited',
] as const;

export type Behaviour = (typeof BEHAVIOURS)[number];

export interface Script {
  readonly bank?: string;
  readonly kind?: 'PAYOUT' | 'DEBIT';
  readonly reference?: string;
  readonly behaviour: Behaviour;
  /** slow: how long the answer takes, ms. */
  readonly delayMs?: number;
  /** not-found-then-success: queries that find nothing before one does. */
  readonly queriesInVain?: number;
  times: number;
}

export class Scripts {
  private readonly scripts: Script[] = [];

  add(script: Script): void {
    this.scripts.push(script);
  }

  clear(): void {
    this.scripts.length = 0;
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
