import { epochMs, HOUR_MS, instant, type Instant } from '../time/dates';
import { askAgainAt } from '../time/patience';

/** A try at sealing that came to nothing. REFUSED: the authority does not certify the signer. */
export interface SealingTry {
  readonly outcome: 'UNAVAILABLE' | 'REFUSED';
  readonly at: Instant;
}

/** What people are told of, once each: nobody seals for too long, or the authority does not certify the signer. */
export const SEALING_TROUBLES = ['SILENT', 'REFUSED'] as const;
export type SealingTrouble = (typeof SEALING_TROUBLES)[number];

/** Where the sealing of a signed document stands. */
export interface SealingPlace {
  readonly isSealed: boolean;
  /** Oldest first. */
  readonly tries: readonly SealingTry[];
  /** When it was signed. */
  readonly since: Instant;
  /** After how many hours without a seal people are told. */
  readonly withinHours: number;
  /** Of what people were told already. */
  readonly told: readonly SealingTrouble[];
  readonly now: Instant;
}

export type SealingAct =
  | { readonly kind: 'SEALED' | 'SEAL' }
  | { readonly kind: 'OPEN_CASE'; readonly why: SealingTrouble }
  | { readonly kind: 'WAIT'; readonly until: Instant };

/**
 * What happens next to a document that its borrower has signed. Only a seal ends it: a signing world that is away, or that
 * refuses, is asked again after 1, 5, 15 and then every 60 minutes, for ever. People are told once of each: at once of a refusal,
 * which time does not mend, and of silence after `withinHours`.
 */
export function nextSealingAct({ isSealed, tries, since, withinHours, told, now }: SealingPlace): SealingAct {
  if (isSealed) return { kind: 'SEALED' };
  const last = tries.at(-1);
  if (!told.includes('REFUSED') && last?.outcome === 'REFUSED') return { kind: 'OPEN_CASE', why: 'REFUSED' };
  const caseAt = instant(epochMs(since) + withinHours * HOUR_MS);
  if (!told.includes('SILENT') && now >= caseAt) return { kind: 'OPEN_CASE', why: 'SILENT' };
  if (last === undefined) return { kind: 'SEAL' };
  const again = askAgainAt(tries.length, last.at);
  if (now >= again) return { kind: 'SEAL' };
  return { kind: 'WAIT', until: told.includes('SILENT') || again <= caseAt ? again : caseAt };
}
